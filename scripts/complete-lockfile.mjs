// Adds to package-lock.json the platform packages that npm leaves out when the registry it wrote the file from does not
// have them: `npm ci` refuses a lock file without them, on any machine. Run it after `npm install`; test/gates/lockfile.test.ts
// says when it is needed.
import { readFileSync, writeFileSync } from 'node:fs';
import { root } from './needs.mjs';

const SYSTEMS = ['android', 'darwin', 'freebsd', 'linux', 'openharmony', 'win32'];
const PROCESSORS = ['arm64', 'arm', 'ia32', 'loong64', 'ppc64', 'riscv64', 's390x', 'x64', 'wasm32'];
const file = `${root}package-lock.json`;
const lock = JSON.parse(readFileSync(file, 'utf8'));
const { '': project, ...packages } = lock.packages;

for (const entry of Object.values(packages)) {
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    const known = Object.keys(packages).some((path) => path.endsWith(`node_modules/${name}`));
    if (!known) packages[`node_modules/${name}`] = platformPackage(name, version, entry);
  }
}
const sorted = Object.entries(packages).sort(([a], [b]) => (a < b ? -1 : 1));
lock.packages = { '': project, ...Object.fromEntries(sorted) };
writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);

/** What the name says: `@x/linux-arm64-musl` is for Linux on arm64 with musl. */
function platformPackage(name, version, parent) {
  const system = SYSTEMS.find((os) => name.includes(os));
  const processor = PROCESSORS.find((cpu) => name.includes(`-${cpu}`));
  const libc = /musl/.test(name) ? 'musl' : /-gnu/.test(name) ? 'glibc' : undefined;
  return {
    version,
    ...(processor && { cpu: [processor] }),
    ...(parent.dev && { dev: true }),
    ...(libc && { libc: [libc] }),
    optional: true,
    ...(system && { os: [system] }),
  };
}

// Runs the benches one after the other: `npm run bench [FILTER] [-- ARG…]`. FILTER is a part of the path (`sketch` is
// bench/sketch.bench.ts); what follows it goes to the benches. Fails where a bench fails or none matches.
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { root } from './needs.mjs';

const [filter = '', ...args] = process.argv.slice(2);
const all = readdirSync(`${root}bench`, { recursive: true })
  .filter((name) => name.endsWith('.bench.ts'))
  .map((name) => `bench/${name.replaceAll('\\', '/')}`)
  .sort();
const chosen = all.filter((name) => name.slice('bench/'.length).includes(filter));
if (chosen.length === 0) fail(`no bench matches '${filter}'; there are: ${all.join(', ')}`);
for (const file of chosen) {
  console.log(`== ${file}`);
  const { status, signal } = spawnSync(process.execPath, ['--import', 'tsx', file, ...args], {
    cwd: root,
    stdio: 'inherit',
  });
  if (status !== 0) fail(`${file} failed (${signal ?? `exit code ${status}`})`);
}

function fail(message) {
  console.error(`bench: ${message}`);
  process.exit(1);
}

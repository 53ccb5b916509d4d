// Checks .dependency-cruiser.cjs on resolved paths: `node scripts/check-imports.mjs [ROOT]`. dependency-cruiser reports
// success when it could read nothing (as with an unsupported TypeScript), so the count of modules it saw is checked too.
import { existsSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cruise } from 'dependency-cruiser';
import extractTSConfig from 'dependency-cruiser/config-utl/extract-ts-config';

const repository = fileURLToPath(new URL('..', import.meta.url));
const root = resolve(process.argv[2] ?? repository);
const FOLDERS = ['lib', 'services', 'test', 'bench'];

function countSources(folder) {
  return readdirSync(folder, { recursive: true }).filter(
    (name) => /[.]ts$/.test(name) && !/(^|\/)web\/page\//.test(name),
  ).length;
}

const config = createRequire(import.meta.url)(join(repository, '.dependency-cruiser.cjs'));
process.chdir(root);
const folders = FOLDERS.filter((folder) => existsSync(folder));
const tsConfig = extractTSConfig(join(repository, 'tsconfig.json'));
const options = { ...config.options, ruleSet: { forbidden: config.forbidden }, validate: true, baseDir: root };
const { output } = await cruise(folders, options, undefined, { tsConfig });

const expected = folders.reduce((sum, folder) => sum + countSources(folder), 0);
const seen = output.modules.filter(
  (module) => /[.]ts$/.test(module.source) && !module.source.includes('node_modules'),
).length;
for (const { rule, from, to } of output.summary.violations) console.error(`${rule.name}: ${from} -> ${to}`);
console.log(
  `imports: ${seen} of ${expected} modules checked, ${output.summary.totalDependenciesCruised} imports, ${output.summary.violations.length} violations`,
);
if (seen < expected || expected === 0) {
  console.error('imports: some modules were not read, so their imports are not checked');
  process.exitCode = 1;
}
if (output.summary.violations.length > 0) process.exitCode = 1;

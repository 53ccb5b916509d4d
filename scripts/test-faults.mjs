// Runs the fault suite: `node scripts/test-faults.mjs [--list] [PATH…]`, paths being prefixes such as `test/faults/row-01`. The
// services run from one bundle made at the start, so sources edited meanwhile do not change a running suite. `--list` only says
// which files it would run.
import { rmSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { register } from 'tsx/esm/api';
import { listTests, runTests } from './test-files.mjs';

register();
const { bundle, newFolder } = await import('../test/faults/support/build.ts');
const { values, positionals } = parseArgs({ options: { list: { type: 'boolean' } }, allowPositionals: true });
const files = listTests(positionals, (name) => name.startsWith('test/faults/'));
if (values.list) console.log(files.join('\n'));
else await run();

async function run() {
  const folder = newFolder();
  try {
    process.exitCode = await runTests(files, { DRIFTLINE_TEST_BUILD: await bundle(folder) });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

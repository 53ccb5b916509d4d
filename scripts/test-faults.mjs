// Runs the fault suite: `node scripts/test-faults.mjs [--list] [PATH…]`, paths being prefixes such as `test/faults/row-01`. The
// services run from one bundle made at the start, so sources edited meanwhile do not change a running suite. `--list` only says
// which files it would run.
import { rmSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { register } from 'tsx/esm/api';
import { listTests, runTests } from './test-files.mjs';

register();
const { bundle, newFolder } = await import('../test/faults/support/build.ts');
/** Rows of minutes come first: at the end they would run alone, with half of the machine idle. */
const LONG = [
  'row-24-flood',
  'row-01-random-kills',
  'row-25-pagerduty',
  'row-20-embedded-full',
  'row-01-embedded-kills',
];
const isLong = (name) => LONG.some((part) => name.includes(part));
const { values, positionals } = parseArgs({ options: { list: { type: 'boolean' } }, allowPositionals: true });
const asked = listTests(positionals, (name) => name.startsWith('test/faults/'));
const files = [...asked.filter(isLong), ...asked.filter((name) => !isLong(name))];
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

// Runs the fault suite: `node scripts/test-faults.mjs [PATH…]`, paths being prefixes such as `test/faults/row-01`. The services
// run from one bundle made at the start, so sources edited meanwhile do not change a running suite.
import { rmSync } from 'node:fs';
import { register } from 'tsx/esm/api';
import { listTests, runTests } from './test-files.mjs';

register();
const { bundle, newFolder } = await import('../test/faults/support/build.ts');
const files = listTests(process.argv.slice(2), (name) => name.startsWith('test/faults/'));
const folder = newFolder();
try {
  process.exitCode = await runTests(files, { DRIFTLINE_TEST_BUILD: await bundle(folder) });
} finally {
  rmSync(folder, { recursive: true, force: true });
}

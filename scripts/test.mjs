// Runs the tests: `node scripts/test.mjs [unit] [PATH…]`. It lists test/**/*.test.ts itself, because `node --test DIR` finds
// no TypeScript and passes with zero tests. `unit` leaves out what needs the Kafka broker or a browser; paths narrow it
// down. Fails on a failing or skipped test, on a file without tests and on zero tests. One Kafka broker is shared.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { missingFile, root } from './needs.mjs';

/** Of one test, and of one file with all its tests: generous, for a machine that does other work as well. */
const TIMEOUT_MS = 600_000;
const SLOWEST = 10;
process.chdir(root);
const args = process.argv.slice(2);
const unit = args.includes('unit');
const paths = args.filter((arg) => arg !== 'unit').map((path) => path.replace(/^[.][/]/, ''));
const leftOut = existsSync(missingFile) ? JSON.parse(readFileSync(missingFile, 'utf8')) : [];

const all = readdirSync('test', { recursive: true }).map((name) => `test/${name}`);
const asked = all
  .filter((name) => name.endsWith('.test.ts'))
  .filter((name) => !unit || !/^test\/(kafka|browser)\//.test(name))
  .filter((name) => paths.length === 0 || paths.some((path) => name.startsWith(path)))
  .sort();
const files = asked.filter((name) => !leftOut.some((prefix) => name.startsWith(prefix)));
for (const name of asked.filter((candidate) => !files.includes(candidate)))
  console.log(`left out: ${name} (see setup)`);
if (files.length === 0) fail('no test file found');

const scratch = mkdtempSync(join(tmpdir(), 'driftline-test-'));
const summaryFile = join(scratch, 'summary.json');
const broker = files.some((name) => name.startsWith('test/kafka/')) ? await startBroker() : null;
let status = 1;
try {
  status = await runTests(broker);
} finally {
  await broker?.stop();
}
const summary = existsSync(summaryFile) ? JSON.parse(readFileSync(summaryFile, 'utf8')) : null;
rmSync(scratch, { recursive: true });
process.exitCode = conclude(summary, status);

async function startBroker() {
  const { register } = await import('tsx/esm/api');
  register();
  const { startKafkaBroker } = await import('../test/support/kafka-broker.ts');
  return startKafkaBroker();
}

async function runTests(shared) {
  const flags = [
    '--import',
    'tsx',
    '--import',
    './scripts/fast-check-seed.mjs',
    '--test',
    '--test-concurrency=2',
    `--test-timeout=${TIMEOUT_MS}`,
  ];
  const child = spawn(process.execPath, [...flags, '--test-reporter=./scripts/test-reporter.mjs', ...files], {
    env: {
      ...process.env,
      TEST_SUMMARY: summaryFile,
      UV_THREADPOOL_SIZE: '24',
      ...(shared === null ? {} : { DRIFTLINE_TEST_KAFKA: shared.bootstrap }),
    },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const stop = (signal) => child.kill(signal);
  process.once('SIGINT', stop).once('SIGTERM', stop);
  const [code] = await once(child, 'exit');
  return code ?? 1;
}

function conclude(result, code) {
  if (result === null) return fail('the test runner ended without a summary');
  for (const name of result.empty) console.log(`no tests in ${name}`);
  for (const name of result.skipped) console.log(`skipped: ${name}`);
  tellSlowest(result.milliseconds);
  const bad =
    result.failed > 0 || result.skipped.length > 0 || result.empty.length > 0 || result.passed === 0 || code !== 0;
  if (bad && result.failed === 0) console.log(`the run failed (runner's exit code ${code})`);
  console.log(`${result.passed} passed, ${result.failed} failed`);
  return bad ? 1 : 0;
}

function tellSlowest(milliseconds) {
  const slowest = Object.entries(milliseconds).sort(([, a], [, b]) => b - a);
  console.log('slowest files:');
  for (const [file, took] of slowest.slice(0, SLOWEST))
    console.log(`${(took / 1000).toFixed(1).padStart(7)} s  ${file}`);
}

function fail(message) {
  console.error(`test: ${message}`);
  process.exit(1);
}

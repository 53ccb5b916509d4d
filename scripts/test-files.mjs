// Lists and runs test files, for test.mjs and test-faults.mjs. Fails on a failing or skipped test, on a file without tests and
// on zero tests.
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

/**
 * Test files that `wanted` takes and whose names begin with one of `paths` (all without any), less those that need what setup
 * could not get. Listed here, because `node --test DIR` finds no TypeScript and passes with zero tests.
 */
export function listTests(paths, wanted) {
  const leftOut = existsSync(missingFile) ? JSON.parse(readFileSync(missingFile, 'utf8')) : [];
  const prefixes = paths.map((path) => path.replace(/^[.][/]/, ''));
  const asked = readdirSync('test', { recursive: true })
    .map((name) => `test/${name}`)
    .filter((name) => name.endsWith('.test.ts') && wanted(name))
    .filter((name) => prefixes.length === 0 || prefixes.some((prefix) => name.startsWith(prefix)))
    .sort();
  const files = asked.filter((name) => !leftOut.some((prefix) => name.startsWith(prefix)));
  for (const name of asked.filter((candidate) => !files.includes(candidate)))
    console.log(`left out: ${name} (see setup)`);
  if (files.length > 0) return files;
  console.error('test: no test file found');
  process.exit(1);
}

/** Runs them two at a time with `env` beside the environment; prints what failed and returns the exit code. */
export async function runTests(files, env) {
  const scratch = mkdtempSync(join(tmpdir(), 'driftline-test-'));
  const summaryFile = join(scratch, 'summary.json');
  const status = await run(files, { ...env, TEST_SUMMARY: summaryFile });
  const summary = existsSync(summaryFile) ? JSON.parse(readFileSync(summaryFile, 'utf8')) : null;
  rmSync(scratch, { recursive: true });
  return conclude(summary, status);
}

async function run(files, env) {
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
    env: { ...process.env, UV_THREADPOOL_SIZE: '24', ...env },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const stop = (signal) => child.kill(signal);
  process.once('SIGINT', stop).once('SIGTERM', stop);
  const [code] = await once(child, 'exit');
  return code ?? 1;
}

function conclude(result, code) {
  if (result === null) {
    console.error('test: the test runner ended without a summary');
    return 1;
  }
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

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const repository = fileURLToPath(new URL('../../', import.meta.url));
const dir = mkdtempSync(join(tmpdir(), 'driftline-runner-'));
after(() => rmSync(dir, { recursive: true }));
cpSync(join(repository, 'scripts'), join(dir, 'scripts'), { recursive: true });
symlinkSync(join(repository, 'node_modules'), join(dir, 'node_modules'));
writeFileSync(join(dir, 'package.json'), '{"type": "module"}');

/** Runs scripts/test.mjs on these test files alone. */
function run(files: Record<string, string>, args: string[] = [], leftOut: string[] = []) {
  rmSync(join(dir, 'test'), { recursive: true, force: true });
  mkdirSync(join(dir, 'test/browser'), { recursive: true });
  mkdirSync(join(dir, '.cache'), { recursive: true });
  writeFileSync(join(dir, '.cache/missing-for-tests.json'), JSON.stringify(leftOut));
  for (const [name, body] of Object.entries(files)) {
    writeFileSync(join(dir, 'test', name), `import { test } from 'node:test';\n${body}\n`);
  }
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const result = spawnSync(process.execPath, ['scripts/test.mjs', ...args], { cwd: dir, env, encoding: 'utf8' });
  return {
    status: result.status,
    out: result.stdout,
    last: result.stdout.trim().split('\n').at(-1),
    err: result.stderr,
  };
}

const PASS = "test('passes', () => {});";

test('passing files pass, and the last line counts', () => {
  const { status, last, out } = run({ 'a.test.ts': PASS, 'b.test.ts': `${PASS}\n${PASS}` });
  assert.equal(status, 0, out);
  assert.equal(last, '3 passed, 0 failed');
});

test('a failing test, a file that cannot be loaded, a skipped test, a file without tests: each fails the run', () => {
  const broken: [name: string, body: string, pattern: RegExp][] = [
    ['fails.test.ts', "test('x', () => { throw new Error('boo'); });", /FAIL test\/fails\.test\.ts: x\n.*boo/],
    ['crashes.test.ts', "throw new Error('boo');", /FAIL test\/crashes\.test\.ts/],
    ['skips.test.ts', "test('x', { skip: true }, () => {});", /skipped: test\/skips\.test\.ts: x/],
    ['todo.test.ts', "test('x', { todo: true }, () => {});", /skipped: test\/todo\.test\.ts: x/],
    ['empty.test.ts', 'void test;', /no tests in test\/empty\.test\.ts/],
  ];
  for (const [name, body, pattern] of broken) {
    const { status, out } = run({ 'a.test.ts': PASS, [name]: body });
    assert.equal(status, 1, name);
    assert.match(out, pattern);
  }
});

test('zero test files fail; `unit` leaves the browser out; what setup could not fetch is named', () => {
  assert.equal(run({}).status, 1);
  assert.match(run({}).err, /no test file found/);
  const files = { 'a.test.ts': PASS, 'browser/b.test.ts': PASS };
  assert.equal(run(files).last, '2 passed, 0 failed');
  assert.equal(run(files, ['unit']).last, '1 passed, 0 failed');
  const without = run(files, [], ['test/browser/']);
  assert.equal(without.last, '1 passed, 0 failed');
  assert.match(without.out, /left out: test\/browser\/b\.test\.ts/);
});

// Reporter for node:test: failures in full, one line for each outer test, counts to the file named by TEST_SUMMARY.
// A skipped test is a failure: nothing is left out silently. The file also says how long the tests of each file took.
import { writeFileSync } from 'node:fs';
import { relative } from 'node:path';
import { inspect } from 'node:util';

const summary = { passed: 0, failed: 0, skipped: [], empty: [], milliseconds: {} };

export default async function* report(source) {
  for await (const event of source) {
    if (event.type === 'test:pass' || event.type === 'test:fail') yield* onResult(event);
    if (event.type === 'test:stdout' || event.type === 'test:stderr') yield event.data.message;
  }
  writeFileSync(process.env.TEST_SUMMARY, JSON.stringify(summary));
}

function* onResult({ type, data }) {
  const file = relative(process.cwd(), data.file ?? data.name);
  const isFile = data.nesting === 0 && relative(process.cwd(), data.name) === file;
  const isSuite = data.details?.type === 'suite';
  if (data.skip !== undefined || data.todo !== undefined) {
    summary.skipped.push(`${file}: ${data.name}`);
    yield `SKIP ${file}: ${data.name}\n`;
    return;
  }
  if (data.nesting === 0) {
    const took = data.details?.duration_ms ?? 0;
    const before = summary.milliseconds[file] ?? 0;
    // A file that failed as a whole took what its own entry says, its tests included.
    summary.milliseconds[file] = isFile ? Math.max(before, took) : before + took;
  }
  // node:test reports a file as a test of its own only where it holds none, or failed as a whole.
  if (isFile && type === 'test:pass') summary.empty.push(file);
  if (!isFile && !isSuite) count(type);
  if (type === 'test:fail') yield* onFailure(file, data, isFile);
  else if (data.nesting === 0 && !isFile)
    yield `ok   ${file}: ${data.name} (${Math.round(data.details.duration_ms)} ms)\n`;
}

/** A suite fails with its tests, which are told by themselves; a file fails by itself when it crashes or hangs. */
function* onFailure(file, data, isFile) {
  const error = data.details.error;
  if (error?.failureType === 'subtestsFailed') return;
  if (isFile) count('test:fail');
  yield `FAIL ${file}: ${data.name}\n${indent(describe(error))}\n`;
}

function count(type) {
  if (type === 'test:pass') summary.passed++;
  else summary.failed++;
}

function describe(error) {
  const cause = error?.cause ?? error;
  return cause instanceof Error || typeof cause === 'object' ? inspect(cause, { depth: 5 }) : String(cause);
}

function indent(text) {
  return text.replace(/^/gm, '     ');
}

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { parsePrediction } from '../../../lib/core/events/index.ts';
import { TOPICS } from '../../../lib/core/messages/types.ts';
import { createApi } from '../../../services/api/index.ts';
import { readAll } from '../../support/read-all.ts';
import { type Bench, openBench } from './harness.ts';

const run = promisify(execFile);
const guide = await readFile(new URL('../../../docs/producer-guide.md', import.meta.url), 'utf8');

/** The guide's snippets, by what stands after the opening fence: language, way, topic. */
const snippets = [...guide.matchAll(/^```(\w+) (http|kafka) (predictions|labels)\n(.*?)^```$/gms)].map(
  ([, language, way, kind, code]) => ({ language: language!, way: way!, kind: kind!, code: code! }),
);
const written = (language: string, way: string) =>
  snippets.filter((one) => one.language === language && one.way === way);

let bench: Bench;
let api: ReturnType<typeof createApi>;
before(async () => {
  bench = await openBench({ store: false });
  api = createApi(bench.with({}));
  await api.start();
});
after(async () => {
  await api.stop();
  await bench.close();
});

/** Runs a program of the guide against the test's own address. */
async function execute(program: string, args: string[]): Promise<string> {
  const { stdout } = await run(program, args, { timeout: 60_000 });
  return stdout;
}
const local = (code: string): string => code.replaceAll('http://127.0.0.1:8080', api.url);

test('every curl command of the guide is accepted as it stands', async () => {
  const commands = written('sh', 'http');
  assert.equal(commands.length, 5);
  for (const { code } of commands) {
    const answer = JSON.parse(await execute('sh', ['-c', local(code).replace('curl ', 'curl -s ')])) as {
      accepted: number;
      rejected: unknown[];
    };
    assert.equal(answer.accepted > 0, !code.includes("-d '[]'"), code);
    assert.deepEqual(answer.rejected, [], code);
  }
  const records = await readAll(bench.log, TOPICS.predictions);
  const keys = records.flatMap(({ key }) => (key === null ? [] : [key.toString()])).sort();
  assert.equal(records.filter(({ headers }) => headers['driftline-progress'] !== undefined).length, 3);
  assert.deepEqual(keys, ['old-1', 'p1', 'p2', 'p3']);
  const old = records.find(({ key }) => key?.toString() === 'old-1')!;
  assert.equal(old.headers['driftline-arrival']?.toString(), '1514764800000');
  assert.equal((await readAll(bench.log, TOPICS.labels)).length, 1);
});

test('the Python program of the guide runs, and nothing of it is rejected', async () => {
  const [program, ...others] = written('python', 'http');
  assert.equal(others.length, 0);
  assert.equal(await execute('python3', ['-c', local(program!.code)]), '');
  const keys = (await readAll(bench.log, TOPICS.predictions)).map(({ key }) => key?.toString());
  for (const id of ['py-0', 'py-1', 'py-2']) assert.ok(keys.includes(id), id);
});

test('the events of the Kafka programs are accepted', async () => {
  const [js] = written('js', 'kafka');
  const [python] = written('python', 'kafka');
  const literal = /const event = (\{.*?\n\});/s.exec(js!.code)![1]!;
  const fromJs: unknown = JSON.parse(await execute('node', ['-e', `console.log(JSON.stringify(${literal}))`]));
  const line = /^event = .*$/m.exec(python!.code)![0];
  const fromPython: unknown = JSON.parse(
    await execute('python3', ['-c', `import json\n${line}\nprint(json.dumps(event))`]),
  );
  for (const event of [fromJs, fromPython]) assert.equal(parsePrediction(event).ok, true, JSON.stringify(event));
  assert.match(js!.code, new RegExp(`topic: '${TOPICS.predictions}'`));
  assert.match(python!.code, new RegExp(`"${TOPICS.predictions}"`));
});

test('the guide explains every rejection code, and no other', async () => {
  const types = await readFile(new URL('../../../lib/core/events/types.ts', import.meta.url), 'utf8');
  const union = /export type RejectionCode =([^;]*);/.exec(types)![1]!;
  const codes = [...union.matchAll(/'(\w+)'/g)].map(([, code]) => code);
  const table = guide.slice(guide.indexOf('## Rejections'), guide.indexOf('## Arrival'));
  const documented = [...table.matchAll(/^\| `(\w+)` \|/gm)].map(([, code]) => code);
  assert.ok(codes.length > 5);
  assert.deepEqual(documented.sort(), codes.sort());
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { TOPICS } from '../../../lib/core/messages/types.ts';
import { ingesting, prediction } from './ingesting.ts';

const { post, recordOf } = ingesting();

test('one object is taken and lies in the log under its id, compactly', async () => {
  const event = prediction({ features: { x: 1.5, name: 'ä', gone: null, vec: [1, 2] } });
  const answer = await post('/v1/predictions', JSON.stringify(event, null, 4));
  assert.equal(answer.status, 202);
  assert.deepEqual(answer.body, { accepted: 1, rejected: [] });
  const record = await recordOf(event.prediction_id);
  assert.equal(record.value?.toString(), JSON.stringify(event));
  assert.deepEqual(Object.keys(record.headers), []);
});

test('an array keeps its good events and says of each bad one where and why', async () => {
  const good = [prediction(), prediction()];
  const answer = await post(
    '/v1/predictions',
    JSON.stringify([good[0], { model: 'm' }, good[1], 7, prediction({ timestamp: 'then' })]),
  );
  assert.equal(answer.status, 202);
  assert.equal(answer.body.accepted, 2);
  assert.deepEqual(
    answer.body.rejected.map(({ index }) => index),
    [1, 3, 4],
  );
  assert.deepEqual(
    answer.body.rejected.map(({ code }) => code),
    ['missing_field', 'wrong_type', 'bad_timestamp'],
  );
  assert.equal(answer.body.rejected[2]!.path, 'timestamp');
  for (const event of good) await recordOf(event.prediction_id);
});

test('NDJSON: a line that is no JSON rejects itself only; blank lines do not count', async () => {
  const [first, last] = [prediction(), prediction()];
  const lines = [JSON.stringify(first), '', '{"prediction_id": ', '\r', JSON.stringify(last), ''].join('\n');
  const answer = await post('/v1/predictions', lines, { 'content-type': 'application/x-ndjson' });
  assert.equal(answer.status, 202);
  assert.equal(answer.body.accepted, 2);
  assert.deepEqual(
    answer.body.rejected.map(({ index, code }) => [index, code]),
    [[1, 'malformed_json']],
  );
});

test('NDJSON is known by its lines where the content type says nothing of it', async () => {
  const lines = `${JSON.stringify(prediction())}\r\n${JSON.stringify(prediction())}\r\n`;
  for (const type of ['application/json', 'text/plain', 'application/octet-stream']) {
    const answer = await post('/v1/predictions', lines, { 'content-type': type });
    assert.deepEqual([answer.status, answer.body.accepted], [202, 2], type);
  }
});

test('a line that is not UTF-8 rejects itself only', async () => {
  const body = Buffer.concat([
    Buffer.from(`${JSON.stringify(prediction())}\n{"a":"`),
    Buffer.from([0xff, 0xfe]),
    Buffer.from('"}\n'),
  ]);
  const answer = await post('/v1/predictions', body, { 'content-type': 'application/x-ndjson' });
  assert.equal(answer.body.accepted, 1);
  assert.deepEqual(
    answer.body.rejected.map(({ index, code }) => [index, code]),
    [[1, 'malformed_json']],
  );
});

for (const [name, body] of [
  ['broken JSON', '{"prediction_id": '],
  ['nothing', ''],
  ['blank', ' \n '],
  ['bytes', Buffer.from([0xff, 0x00, 0x01])],
] as const) {
  test(`an unreadable body is refused: ${name}`, async () => {
    const answer = await post('/v1/predictions', body);
    assert.equal(answer.status, 400);
    assert.equal(answer.body.error.code, 'malformed_body');
  });
}

test('an empty array is nothing to refuse', async () => {
  assert.deepEqual((await post('/v1/predictions', '[]')).body, { accepted: 0, rejected: [] });
});

test('gzip is read, within the same cap after decompression', async () => {
  const event = prediction();
  const good = await post('/v1/predictions', gzipSync(JSON.stringify(event)), { 'content-encoding': 'gzip' });
  assert.deepEqual([good.status, good.body.accepted], [202, 1]);
  const bomb = await post('/v1/predictions', gzipSync(Buffer.alloc(5_000_000, ' ')), { 'content-encoding': 'gzip' });
  assert.deepEqual([bomb.status, bomb.body.error.code], [413, 'too_large']);
  const lie = await post('/v1/predictions', JSON.stringify(event), { 'content-encoding': 'gzip' });
  assert.deepEqual([lie.status, lie.body.error.code], [400, 'malformed_body']);
  const other = await post('/v1/predictions', JSON.stringify(event), { 'content-encoding': 'br' });
  assert.deepEqual([other.status, other.body.error.code], [415, 'unsupported_encoding']);
});

test('what is too large is refused: the body, the number of events, one event', async () => {
  const body = await post('/v1/predictions', ' '.repeat(100_001));
  assert.deepEqual([body.status, body.body.error.code], [413, 'too_large']);
  for (const text of [`[${'1,'.repeat(200)}1]`, '1\n'.repeat(201)]) {
    const many = await post('/v1/predictions', text);
    assert.deepEqual([many.status, many.body.error.code], [413, 'too_large']);
  }
  const big = prediction({ features: { text: 'x'.repeat(6_000) } });
  const one = await post('/v1/predictions', JSON.stringify([big, prediction()]));
  assert.equal(one.body.accepted, 1);
  assert.deepEqual(
    one.body.rejected.map(({ index, code }) => [index, code]),
    [[0, 'too_large']],
  );
});

test('an event that nests without end is rejected alone', async () => {
  const deep = `{"prediction_id":"deep","model":"m","timestamp":1,"features":{"x":1},"extra":${'['.repeat(40_000)}${']'.repeat(40_000)}}`;
  const answer = await post('/v1/predictions', `[${deep},${JSON.stringify(prediction())}]`);
  assert.equal(answer.body.accepted, 1);
  assert.deepEqual(
    answer.body.rejected.map(({ index }) => index),
    [0],
  );
});

test('numbers beyond the doubles stay infinite, and __proto__ stays a feature', async () => {
  const body = `{"prediction_id":"wild","model":"m","timestamp":1,"features":{"x":1e999,"y":-1e999,"__proto__":3}}`;
  assert.equal((await post('/v1/predictions', body)).body.accepted, 1);
  assert.equal((await recordOf('wild')).value?.toString(), body);
});

test('labels go to their own topic', async () => {
  const answer = await post(
    '/v1/labels',
    JSON.stringify([{ prediction_id: 'l1', model: 'm', label: 1, timestamp: 5 }, { prediction_id: 'l2' }]),
  );
  assert.equal(answer.body.accepted, 1);
  assert.deepEqual(
    answer.body.rejected.map(({ index }) => index),
    [1],
  );
  await recordOf('l1', TOPICS.labels);
});

test('what is not built is absent', async () => {
  for (const path of ['/v1/kpis', '/v1/silences']) {
    const answer = await post(path, '{}');
    assert.deepEqual([answer.status, answer.body.error.code], [404, 'not_found']);
  }
});

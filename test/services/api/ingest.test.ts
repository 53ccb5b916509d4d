import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { TOPICS } from '../../../lib/core/messages/types.ts';
import { type Log, LogUnavailableError, RecordTooLargeError } from '../../../lib/ports/log.ts';
import { createApi } from '../../../services/api/index.ts';
import { eventually } from '../../support/eventually.ts';
import { type Bench, openBench, readAll } from './harness.ts';

let bench: Bench;
let api: ReturnType<typeof createApi>;

before(async () => {
  bench = await openBench({ store: false });
  api = createApi(bench.with({}), { limits: { bodyBytes: 100_000, events: 200, eventBytes: 5_000 } });
  await api.start();
});
after(async () => {
  await api.stop();
  await bench.close();
});

interface Answer {
  status: number;
  headers: Headers;
  body: {
    accepted: number;
    rejected: { index: number; code: string; path: string; message: string }[];
    resend: number[];
    error: { code: string; message: string; path?: string };
  };
}

async function post(
  path: string,
  body: string | Buffer,
  headers: Record<string, string> = {},
  to = api,
): Promise<Answer> {
  const response = await fetch(to.url + path, {
    method: 'POST',
    body: typeof body === 'string' ? body : new Uint8Array(body),
    headers: { 'content-type': 'application/json', ...headers },
  });
  return { status: response.status, headers: response.headers, body: (await response.json()) as Answer['body'] };
}

let serial = 0;
function prediction(more: Record<string, unknown> = {}): Record<string, unknown> & { prediction_id: string } {
  serial += 1;
  return { prediction_id: `p${serial}`, model: 'm', timestamp: 1_540_922_400_000, features: { x: 1 }, ...more };
}

/** The record of one prediction, as the aggregator will find it. */
async function recordOf(id: string, topic: string = TOPICS.predictions) {
  const records = (await readAll(bench.log, topic)).filter((record) => record.key?.toString() === id);
  assert.equal(records.length, 1);
  return records[0]!;
}

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
  const id = `wild-${serial++}`;
  const body = `{"prediction_id":"${id}","model":"m","timestamp":1,"features":{"x":1e999,"y":-1e999,"__proto__":3}}`;
  assert.equal((await post('/v1/predictions', body)).body.accepted, 1);
  assert.equal((await recordOf(id)).value?.toString(), body);
});

test('Driftline-Arrival: event stamps each record with its own event time', async () => {
  const [first, second] = [prediction({ timestamp: 1_000 }), prediction({ timestamp: '2018-10-30T18:00:00Z' })];
  const answer = await post('/v1/predictions', JSON.stringify([first, second]), { 'driftline-arrival': 'event' });
  assert.equal(answer.body.accepted, 2);
  assert.equal((await recordOf(first.prediction_id)).headers['driftline-arrival']?.toString(), '1000');
  const stamped = await recordOf(second.prediction_id);
  assert.equal(stamped.headers['driftline-arrival']?.toString(), String(Date.UTC(2018, 9, 30, 18)));
  assert.ok(
    stamped.timestamp > Date.UTC(2020),
    'the stamp itself stays the log’s own: retention would delete old ones',
  );
});

test('another value of Driftline-Arrival is refused by name', async () => {
  for (const value of ['now', '-1', '1e3', '', '99999999999999']) {
    const answer = await post('/v1/predictions', JSON.stringify(prediction()), { 'driftline-arrival': value });
    assert.equal(answer.status, 400, value);
    assert.equal(answer.body.error.path, 'headers.driftline-arrival');
  }
});

test('Driftline-Arrival with a time: all events of the request arrived then', async () => {
  const events = [prediction({ timestamp: 1_000 }), prediction({ timestamp: 2_000 })];
  assert.equal(
    (await post('/v1/predictions', JSON.stringify(events), { 'driftline-arrival': '5000' })).body.accepted,
    2,
  );
  for (const { prediction_id: id } of events) {
    const { headers } = await recordOf(id);
    assert.deepEqual(Object.keys(headers), ['driftline-arrival']);
    assert.equal(headers['driftline-arrival']?.toString(), '5000');
  }
});

test('a time and no event: a progress record on every partition of the topic, which ends a replay', async () => {
  for (const [path, topic] of [
    ['/v1/predictions', TOPICS.predictions],
    ['/v1/labels', TOPICS.labels],
  ] as const) {
    const progress = async (): Promise<number> =>
      (await readAll(bench.log, topic)).filter(
        ({ headers, value, key }) =>
          headers['driftline-progress'] !== undefined &&
          headers['driftline-arrival']?.toString() === '1541000000000' &&
          value === null &&
          key === null,
      ).length;
    for (const [sent, body] of ['[]', ''].entries()) {
      const answer = await post(path, body, { 'driftline-arrival': '1541000000000' });
      assert.deepEqual([answer.status, answer.body], [202, { accepted: 0, rejected: [] }]);
      assert.equal(await progress(), (sent + 1) * 3, 'one for each of three partitions');
    }
    assert.equal((await post(path, '', { 'driftline-arrival': 'event' })).status, 400);
    assert.equal((await post(path, '[]', { 'driftline-arrival': 'event' })).status, 202);
    assert.equal((await post(path, '[7]', { 'driftline-arrival': '1541000000000' })).body.rejected.length, 1);
    assert.equal(await progress(), 6, 'nothing but an empty request passes time');
  }
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

async function withLog(log: Partial<Log>, run: (to: ReturnType<typeof createApi>) => Promise<void>): Promise<void> {
  const limits = { logPatienceMs: 200, waitingBytes: 2_000 };
  const other = createApi({ ...bench.with({}), log: { ...bench.log, ...log } }, { limits });
  await other.start();
  try {
    await run(other);
  } finally {
    await other.stop();
  }
}

test('503 with Retry-After when the log cannot take it, and only then', async () => {
  await withLog({ append: () => Promise.reject(new LogUnavailableError('full')) }, async (broken) => {
    const answer = await post('/v1/predictions', JSON.stringify(prediction()), {}, broken);
    assert.deepEqual([answer.status, answer.body.error.code], [503, 'log_unavailable']);
    assert.match(answer.headers.get('retry-after') ?? '', /^\d+$/);
    assert.deepEqual([answer.body.accepted, answer.body.resend], [0, [0]]);
    const bad = await post('/v1/predictions', '[{}]', {}, broken);
    assert.deepEqual([bad.status, bad.body.accepted], [202, 0], 'nothing to append: the log is not asked');
  });
});

test('a log that takes some events and not others: each is told of, and what is to be sent again', async () => {
  const fates: unknown[] = [
    undefined,
    new RecordTooLargeError('t', 9, null),
    new LogUnavailableError('gone'),
    undefined,
  ];
  const append: Log['append'] = async (_topic, records, settled) => {
    for (const index of records.keys()) settled?.(index, fates[index]);
    throw fates[1];
  };
  await withLog({ append }, async (partial) => {
    const events = [prediction(), prediction(), { model: 'm' }, prediction(), prediction()];
    const { status, headers, body } = await post('/v1/predictions', JSON.stringify(events), {}, partial);
    assert.deepEqual([status, body.error.code], [503, 'log_unavailable']);
    assert.ok(headers.has('retry-after'));
    assert.deepEqual([body.accepted, body.resend], [2, [3]]);
    assert.deepEqual(
      body.rejected.map(({ index, code }) => [index, code]),
      [
        [1, 'too_large'],
        [2, 'missing_field'],
      ],
    );
  });
});

test('an event that the topic takes no more for its size: 413 alone, rejected among others', async () => {
  const append: Log['append'] = async (topic, records, settled) => {
    const refusal = new RecordTooLargeError(topic, 2_000, null);
    const tooLarge = records.map(({ value }) => (value?.length ?? 0) > 1_000);
    for (const [index, refused] of tooLarge.entries()) settled?.(index, refused ? refusal : undefined);
    if (tooLarge.includes(true)) throw refusal;
  };
  await withLog({ append }, async (narrow) => {
    const big = prediction({ features: { text: 'x'.repeat(1_500) } });
    const alone = await post('/v1/predictions', JSON.stringify(big), {}, narrow);
    assert.deepEqual([alone.status, alone.body.error.code], [413, 'too_large']);
    assert.match(alone.body.error.message, /max\.message\.bytes/);
    const among = await post('/v1/predictions', JSON.stringify([prediction(), big, prediction()]), {}, narrow);
    assert.deepEqual([among.status, among.body.accepted], [202, 2]);
    assert.deepEqual(
      among.body.rejected.map(({ index, code }) => [index, code]),
      [[1, 'too_large']],
    );
  });
  const alone = await post('/v1/predictions', JSON.stringify(prediction({ features: { text: 'x'.repeat(6_000) } })));
  assert.deepEqual([alone.status, alone.body.error.code], [413, 'too_large'], "the API's own limit, alike");
});

test('a log that does not answer holds nobody for long, and no more than so many bytes wait for it', async () => {
  let appends = 0;
  const answers: (() => void)[] = [];
  const append: Log['append'] = (_topic, records, settled) => {
    appends += 1;
    settled?.(0, undefined);
    return new Promise((resolve) => answers.push(() => resolve(void records)));
  };
  await withLog({ append }, async (hanging) => {
    const send = () => post('/v1/predictions', JSON.stringify([prediction(), prediction()]), {}, hanging);
    const first = await send();
    assert.deepEqual([first.status, first.body.accepted, first.body.resend], [503, 1, [1]]);
    for (let i = 0; i < 40; i += 1) assert.equal((await send()).status, 503);
    assert.ok(appends < 40, `${appends} requests were handed to a log that answers none`);
    for (const answer of answers.splice(0)) answer();
    const later = send();
    await eventually('the log is asked again', () => answers.length > 0);
    answers[0]!();
    assert.deepEqual([(await later).status], [202]);
  });
});

test('what is not built is absent', async () => {
  for (const path of ['/v1/kpis', '/v1/silences']) {
    const answer = await post(path, '{}');
    assert.deepEqual([answer.status, answer.body.error.code], [404, 'not_found']);
  }
});

test('whatever is sent: accepted and rejected add up, indices are right, and what was accepted is in the log', async () => {
  let run = 0;
  const item = fc.oneof(
    {
      weight: 3,
      arbitrary: fc.dictionary(
        fc.string({ maxLength: 8 }),
        fc.oneof(fc.double(), fc.string(), fc.boolean(), fc.constant(null)),
      ),
    },
    { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 2 }) },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(item, { maxLength: 12 }), fc.boolean(), async (items, lines) => {
      run += 1;
      const id = (index: number): string => `run-${run}-${index}`;
      const events = items.map((value, index) =>
        typeof value === 'object' && value !== null && !Array.isArray(value) && index % 3 !== 2
          ? { prediction_id: id(index), model: 'm', timestamp: index, features: value }
          : value,
      );
      if (events.length === 0 && lines) return;
      const text = lines ? events.map((event) => JSON.stringify(event)).join('\n') : JSON.stringify(events);
      const { status, body } = await post(
        '/v1/predictions',
        text,
        lines ? { 'content-type': 'application/x-ndjson' } : {},
      );
      assert.equal(status, 202);
      assert.equal(body.accepted + body.rejected.length, events.length);
      const rejected = new Set(body.rejected.map(({ index }) => index));
      assert.equal(rejected.size, body.rejected.length);
      const kept = (await readAll(bench.log, TOPICS.predictions)).filter(({ key }) =>
        key?.toString().startsWith(`run-${run}-`),
      );
      const expected = events.map((_, index) => index).filter((index) => !rejected.has(index));
      assert.deepEqual(kept.map(({ key }) => key?.toString()).sort(), expected.map(id).sort());
      for (const record of kept) {
        const index = Number(record.key!.toString().split('-')[2]);
        assert.deepEqual(JSON.parse(record.value!.toString()), JSON.parse(JSON.stringify(events[index])));
      }
    }),
    { numRuns: 40 },
  );
});

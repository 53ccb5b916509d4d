import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Log, LogUnavailableError, RecordTooLargeError } from '../../../lib/ports/log.ts';
import { eventually } from '../../support/eventually.ts';
import { ingesting, prediction } from './ingesting.ts';

const { post, withLog } = ingesting();

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

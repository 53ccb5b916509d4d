import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TOPICS } from '../../../lib/core/messages/types.ts';
import { ingesting, prediction } from './ingesting.ts';

const { post, recordOf, records } = ingesting();

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
      (await records(topic)).filter(
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

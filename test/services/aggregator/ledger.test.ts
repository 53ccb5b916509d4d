import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { TOPICS } from '../../../lib/core/messages/types.ts';
import { eventually } from '../../support/eventually.ts';
import { Worlds } from './harness.ts';

const DAY = 86_400_000;
const NOW = Date.now();
const worlds = new Worlds();
before(() => worlds.open());
after(() => worlds.close());

function event(i: number, more: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    prediction_id: `p${i}`,
    model: 'car-loan',
    version: '1',
    timestamp: NOW - (i % 3) * DAY,
    features: { amount: i % 17, colour: ['red', 'green'][i % 2], maybe: i % 5 === 0 ? null : i },
    prediction: { score: (i % 100) / 100, label: String(i % 2) },
    ...more,
  };
}

test('every event is counted once, in its own window', async () => {
  const world = await worlds.world();
  await world.start();
  for (let i = 0; i < 10; i++) {
    await world.send(
      i % 2,
      Array.from({ length: 50 }, (_, j) => event(i * 50 + j)),
    );
  }
  await world.settled();
  const counts = await world.store.query(
    `SELECT feature, sum(count) AS count, sum(missing) AS missing, sum(n) AS n FROM chunk_rows FINAL
     GROUP BY feature ORDER BY feature`,
  );
  assert.deepEqual(counts, [
    { feature: '', count: 500, missing: 0, n: 0 },
    { feature: 'amount', count: 500, missing: 0, n: 500 },
    { feature: 'colour', count: 500, missing: 0, n: 500 },
    { feature: 'maybe', count: 500, missing: 100, n: 400 },
    { feature: 'prediction.label', count: 500, missing: 0, n: 500 },
    { feature: 'prediction.score', count: 500, missing: 0, n: 500 },
  ]);
  const raw = await world.store.query(
    'SELECT count() AS n, uniqExact(prediction_id) AS ids FROM prediction_rows FINAL',
  );
  assert.deepEqual(raw, [{ n: 500, ids: 500 }]);
  const committed = await world.store.query<{ closed: number }>(
    'SELECT countIf(closed = 1) AS closed FROM manifest_rows FINAL',
  );
  assert.equal(committed[0]!.closed, 6, '250 events in each partition close three chunks of 64');
  await world.close();
});

test('a restart in the middle of a chunk writes the same rows again', async () => {
  const world = await worlds.world();
  await world.start();
  await world.send(
    0,
    Array.from({ length: 100 }, (_, i) => event(i)),
  );
  await world.settled();
  await world.stop();
  const before = await world.ledger();
  await world.send(
    0,
    Array.from({ length: 20 }, (_, i) => event(100 + i)),
  );
  await world.start();
  await world.settled();
  const counts = await world.store.query(
    `SELECT sum(count) AS count FROM chunk_rows FINAL WHERE feature = '' AND segment = ''`,
  );
  assert.deepEqual(counts, [{ count: 120 }]);
  assert.ok(before.length > 0);
  await world.close();
});

test('what cannot be read goes to the dead letters, and its neighbours are counted', async () => {
  const world = await worlds.world();
  const letters: unknown[] = [];
  const consumer = await world.log.consume({
    group: 'letters',
    topics: [TOPICS.deadLetters],
    handlers: {
      onAssigned: async () => ({ offset: 0 }),
      onRevoked: async () => {},
      onBatch: async (batch) => {
        for (const record of batch.records) letters.push(JSON.parse(record.value!.toString()));
      },
    },
  });
  await world.start();
  await world.send(0, [event(0), '{"broken', event(1), null, event(2, { model: 'a model' }), event(3)]);
  await world.settled();
  const counts = await world.store.query(`SELECT sum(count) AS count FROM chunk_rows FINAL WHERE feature = ''`);
  assert.deepEqual(counts, [{ count: 3 }]);
  await eventually('three dead letters', async () => letters.length === 3);
  // Their keys differ, so that they lie on several partitions.
  letters.sort((a, b) => (a as { offset: number }).offset - (b as { offset: number }).offset);
  assert.deepEqual(
    letters.map((letter) => [(letter as { code: string }).code, (letter as { offset: number }).offset]),
    [
      ['malformed_json', 1],
      ['empty', 3],
      ['bad_name', 4],
    ],
  );
  await consumer.close();
  await world.close();
});

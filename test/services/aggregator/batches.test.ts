import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { TOPICS } from '../../../lib/core/messages/types.ts';
import { createRegistry } from '../../../lib/runtime/metrics.ts';
import { batchType, boolean, categorical, eventAt, numeric, singleObject, times } from '../../support/batches.ts';
import { readAll } from '../../support/read-all.ts';
import { type World, Worlds } from './harness.ts';

const worlds = new Worlds();
before(() => worlds.open());
after(() => worlds.close());

const START = Date.UTC(2024, 0, 1);

/** Rows of one minute of a model, two of them of the same moment. */
function batch(from: number, rows: number) {
  const index = Array.from({ length: rows }, (_, row) => from + row);
  return {
    model: 'm',
    version: '2',
    role: 'challenger',
    prediction_ids: index.map((i) => `p${i}`),
    timestamps: times(index.map((i) => START + Math.floor(i / 2))),
    columns: [
      numeric(
        'amount',
        index.map(Math.sin),
        index.map((i) => Number(i % 7 === 0)),
      ),
      categorical(
        'kind',
        ['k0', 'k1', 'k2'],
        index.map((i) => i % 3),
      ),
      boolean(
        'repaid',
        index.map((i) => i % 2),
      ),
      numeric('prediction.score', index.map(Math.cos)),
      categorical(
        'segment.region',
        ['MA', 'NY'],
        index.map((i) => i % 2),
      ),
    ],
  };
}

/** What the ledger says, whatever the records were. */
function counted(world: World) {
  return world.store.query(
    'SELECT * EXCEPT (ingested_at, incarnation, covered) FROM chunk_rows FINAL ORDER BY feature, segment, kind',
  );
}

test('a batch counts as its rows one by one, each with its raw row; a broken one is one dead letter', async () => {
  const models = [
    {
      name: 'm',
      windowMs: 3_600_000,
      timezone: 'UTC',
      segments: ['region'],
      reference: null,
      columns: {},
      categorical: [],
      ignore: [],
    },
  ];
  const settings = { chunkSize: 1_024, horizonMs: 1e13 };
  const singles = await worlds.world(settings, models, 1);
  const batches = [batch(0, 40), batch(40, 1), batch(41, 0), batch(41, 700)];
  for (const one of batches) {
    const events = one.prediction_ids.map((_, row) => eventAt(one, row));
    await singles.send(
      0,
      events.map((event) =>
        JSON.stringify(event, (_key, value: unknown) => (value instanceof Map ? Object.fromEntries(value) : value)),
      ),
    );
  }
  await singles.start();
  await singles.settled();
  const expected = await counted(singles);
  assert.ok(expected.length > 5);
  await singles.close();

  const columnar = await worlds.world(settings, models, 1);
  const broken = batch(0, 3);
  broken.columns[2]!.values = Buffer.from([0, 1, 9]);
  await columnar.send(
    0,
    [...batches.slice(0, 2), broken, ...batches.slice(2)].map((one) => singleObject(batchType, one)),
  );
  const metrics = createRegistry();
  await columnar.start({ metrics });
  await columnar.settled();
  assert.deepEqual(await counted(columnar), expected);
  const raw = await columnar.store.query<{ prediction_id: string; offset: number; row: number; event: string }>(
    'SELECT prediction_id, offset, row, event FROM prediction_rows FINAL ORDER BY offset, row',
  );
  const whole = batches.flatMap((one, at) =>
    one.prediction_ids.map((_, row) => ({ event: eventAt(one, row), offset: at < 2 ? at : at + 1, row })),
  );
  assert.deepEqual(
    raw.map(({ prediction_id, offset, row }) => ({ prediction_id, offset, row })),
    whole.map(({ event, offset, row }) => ({ prediction_id: event.prediction_id, offset, row })),
  );
  const { features, prediction_id } = JSON.parse(raw[1]!.event) as Record<string, unknown>;
  assert.equal(prediction_id, 'p1');
  assert.deepEqual(features, { amount: Math.sin(1), kind: 'k1', repaid: true });
  const letters = await readAll(columnar.log, TOPICS.deadLetters);
  assert.equal(letters.length, 1);
  const letter = JSON.parse(letters[0]!.value!.toString()) as Record<string, unknown>;
  assert.deepEqual([letter.code, letter.path, letter.offset], ['wrong_type', 'columns[2].values[2]', 2]);
  assert.match(await metrics.metrics(), /driftline_events_total\{[^}]*\} 741/);
});

test('a chunk ends after twice its size in events, so that batches do not make it larger; a restart finds the same ends', async () => {
  const world = await worlds.world({ chunkSize: 64, horizonMs: 1e13 }, [], 1);
  const send = (first: number, count: number) =>
    world.send(
      0,
      Array.from({ length: count }, (_, i) => singleObject(batchType, batch((first + i) * 50, 50))),
    );
  await send(0, 5);
  await world.start();
  await world.settled();
  await world.stop();
  await send(5, 5);
  await world.start();
  await world.settled();
  const closed = await world.store.query(
    'SELECT chunk_start, max(reach) AS reach FROM manifest_rows WHERE closed = 1 GROUP BY chunk_start ORDER BY chunk_start',
  );
  assert.deepEqual(closed, [
    { chunk_start: 0, reach: 3 },
    { chunk_start: 3, reach: 6 },
    { chunk_start: 6, reach: 9 },
  ]);
  const events = await world.store.query(
    "SELECT sum(count) AS n FROM chunk_rows FINAL WHERE feature = '' AND segment = ''",
  );
  assert.deepEqual(events, [{ n: 500 }]);
  await world.close();
});

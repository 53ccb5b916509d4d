import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { after, test } from 'node:test';
import { type FaultWorld, openFaultWorld } from './support/world.ts';

interface Chunk {
  partition: number;
  start: number;
  specs: number;
  spec: string;
}

/** Every chunk that has rows, with the specs its rows are of. */
async function chunks(world: FaultWorld): Promise<Chunk[]> {
  const rows = await world.sql<Chunk>(
    `SELECT partition, chunk_start AS start, uniqExact(spec_id) AS specs, any(spec_id) AS spec
     FROM chunk_rows GROUP BY partition, chunk_start ORDER BY partition, chunk_start`,
  );
  return rows.map((row) => ({ ...row, start: Number(row.start), specs: Number(row.specs) }));
}

/** Replaces the models of the configuration file; members read it when they start. */
function configure(world: FaultWorld, models: readonly string[]): void {
  const text = readFileSync(world.configFile, 'utf8');
  const [head] = text.split('models:\n');
  writeFileSync(world.configFile, `${head}models:\n${models.map((line) => `  ${line}\n`).join('')}`);
}

test('row 16: segments and chunk size change over restarts in the middle of chunks: nothing is counted twice', async () => {
  const world = await openFaultWorld({ partitions: 2, chunkSize: 512, seed: 116 });
  after(() => world.close());
  const one = await world.start('aggregator');
  await world.feeder.feed(700, world.all);
  await world.verify();

  configure(world, ['- {name: alpha, window: 1h, segments: [region]}', '- {name: beta, window: 10m}']);
  await one.kill();
  // A release that rolls: for a while one member runs the old sizes and one the new ones.
  const [two, three] = [
    await world.start('aggregator', { DRIFTLINE_AGGREGATION_CHUNK_SIZE: '128' }),
    await world.start('aggregator'),
  ];
  await world.feeder.feed(900, world.all);
  await world.verify();
  await three.kill();
  await world.feeder.feed(900, world.all);
  await world.verify();

  configure(world, [
    '- {name: alpha, window: 1h, segments: [region]}',
    '- {name: beta, window: 10m, segments: [region]}',
  ]);
  await two.restart();
  await world.feeder.feed(900, world.all);
  await world.verify();

  const found = await chunks(world);
  for (const chunk of found)
    assert.equal(chunk.specs, 1, `rows of one spec in chunk ${chunk.partition}/${chunk.start}`);
  assert.ok(new Set(found.map(({ spec }) => spec)).size >= 3, 'every change took effect');
  assert.ok(
    found.some(({ start }) => start % 512 !== 0),
    'smaller chunks',
  );
  const segments = await world.sql<{ model: string }>(
    "SELECT DISTINCT model FROM chunk_rows WHERE segment != '' ORDER BY model",
  );
  assert.deepEqual(
    segments.map(({ model }) => model),
    ['alpha', 'beta'],
  );
});

test('row 16: a model’s window changes in the middle of a chunk: every event is in one window, old or new', async () => {
  const world = await openFaultWorld({ partitions: 2, chunkSize: 512, seed: 216 });
  after(() => world.close());
  const member = await world.start('aggregator');
  await world.feeder.feed(700, world.all);
  await world.verify();
  configure(world, ['- {name: alpha, window: 30m}', '- {name: beta, window: 10m}']);
  await member.restart();
  await world.feeder.feed(2_000, world.all);
  await world.untilCovered();
  const counted = await world.sql<{ model: string; n: number }>(
    'SELECT model, sum(events) AS n FROM operations GROUP BY model ORDER BY model',
  );
  const expected = new Map<string, number>();
  for (const { model, events } of world.oracle.windows.values()) {
    expected.set(model, (expected.get(model) ?? 0) + events);
  }
  assert.deepEqual(
    counted.map(({ model, n }) => [model, Number(n)]),
    [...expected].sort(([a], [b]) => (a < b ? -1 : 1)),
  );
  const lengths = await world.sql<{ partition: number; minutes: number; first: number; last: number }>(
    `SELECT partition, dateDiff('minute', window_start, window_end) AS minutes, min(chunk_start) AS first,
       max(chunk_start) AS last FROM chunk_rows WHERE model = 'alpha' GROUP BY partition, minutes ORDER BY partition, minutes`,
  );
  assert.deepEqual(
    lengths.map((row) => [row.partition, Number(row.minutes)]),
    [
      [0, 30],
      [0, 60],
      [1, 30],
      [1, 60],
    ],
  );
  for (const partition of world.all) {
    const [half, whole] = lengths.filter((row) => row.partition === partition);
    assert.ok(Number(half!.first) > Number(whole!.last), 'the new window begins with a chunk');
  }
});

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { trimmed, type World, Worlds } from './harness.ts';

const worlds = new Worlds();
before(() => worlds.open());
after(() => worlds.close());

async function send(world: World, count: number): Promise<void> {
  const event = { prediction_id: 'p', model: 'm', timestamp: Date.now(), features: { x: 1 } };
  await world.send(0, Array(count).fill(event));
}

/** Ten events aggregated, ten more sent while the aggregator was down and retention went up to `beginning`. */
async function afterRetention(beginning: number): Promise<World> {
  const world = await worlds.world();
  await world.start();
  await send(world, 10);
  await world.settled();
  await world.stop();
  await send(world, 10);
  await world.start({ log: trimmed(world.log, beginning) });
  await world.settled();
  return world;
}

const CHUNKS = `SELECT chunk_start, sum(count) AS n FROM open_chunk_rows WHERE feature = '' GROUP BY chunk_start ORDER BY chunk_start`;
const LOSSES = 'SELECT reason, first_offset, last_offset, events FROM losses';

test('retention took part of what was aggregated: a sub-chunk goes on behind it, nothing is lost or counted twice', async () => {
  const world = await afterRetention(5);
  assert.deepEqual(await world.store.query(CHUNKS), [
    { chunk_start: 0, n: 10 },
    { chunk_start: 10, n: 10 },
  ]);
  assert.deepEqual(await world.store.query(LOSSES), []);
  await world.close();
});

test('retention took what was not yet aggregated: the gap is declared, the rest is counted, again after a restart', async () => {
  const world = await afterRetention(13);
  const chunks = [
    { chunk_start: 0, n: 10 },
    { chunk_start: 13, n: 7 },
  ];
  const losses = [{ reason: 'log_trimmed', first_offset: 10, last_offset: 12, events: 3 }];
  assert.deepEqual(await world.store.query(CHUNKS), chunks);
  assert.deepEqual(await world.store.query(LOSSES), losses);
  await world.stop();
  await world.start({ log: trimmed(world.log, 13) });
  await send(world, 1);
  await world.settled();
  assert.deepEqual(await world.store.query(CHUNKS), [chunks[0], { chunk_start: 13, n: 8 }]);
  assert.deepEqual(await world.store.query(LOSSES), losses);
  await world.close();
});

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { availableMemory, PartitionRoom } from '../../../services/aggregator/memory.ts';
import { eventually } from '../../support/eventually.ts';
import { Worlds } from './harness.ts';

const MEBIBYTE = 1024 * 1024;
const worlds = new Worlds();
before(() => worlds.open());
after(() => worlds.close());

test('a partition comes in once, and one that leaves makes room', () => {
  const room = new PartitionRoom(512 * MEBIBYTE);
  for (const partition of [0, 1, 2, 3, 3]) assert.equal(room.take(partition), null);
  assert.match(room.take(4)!, /512 MiB of memory, enough for 4 partitions: start another aggregator/);
  room.leave(1);
  assert.equal(room.take(4), null);
  assert.equal(new PartitionRoom(100 * MEBIBYTE).take(7), null, 'one always fits');
  assert.ok(availableMemory() > 100 * MEBIBYTE);
});

test('partitions beyond the memory are not read, and the process says why and is not ready', async () => {
  const world = await worlds.world({}, [], 3);
  const service = await world.start({}, { memory: (256 + 2 * 64) * MEBIBYTE });
  const event = { prediction_id: 'p', model: 'm', timestamp: Date.now(), features: { x: 1 } };
  for (const partition of [0, 1, 2]) await world.send(partition, [event]);
  await eventually('two partitions', async () => {
    const reached = await world.store.query('SELECT DISTINCT partition FROM manifest_rows WHERE reach > 0');
    return reached.length === 2;
  });
  assert.match(service.notReady()!, /driftline\.predictions\/\d: this process has 384 MiB of memory, enough for 2/);
});

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { eventually } from '../support/eventually.ts';
import { administer } from './support/admin.ts';
import { PREDICTIONS } from './support/feeder.ts';
import { openFaultWorld } from './support/world.ts';

test('row 11: partitions 3 to 6: the new ones are read from their start', async () => {
  const world = await openFaultWorld({ chunkSize: 256, seed: 1101 });
  after(() => world.close());
  const members = [await world.start('aggregator'), await world.start('aggregator')];
  await Promise.all(members.map((member) => member.untilServing()));
  await world.feeder.feed(900, world.all);
  await world.verify();
  await administer(world.bootstrap, (admin) =>
    admin.createPartitions({ topicPartitions: [{ topic: PREDICTIONS, count: 6 }] }),
  );
  world.partitions = 6;
  // Before any member can know of them.
  await eventually('records in the new partitions', () =>
    world.feeder.feed(900, [3, 4, 5]).then(
      () => true,
      () => false,
    ),
  );
  const begun = Date.now();
  await world.verify();
  console.log(`row 11: added partitions were covered after ${Date.now() - begun} ms`);
  await world.feeder.feed(900, world.all);
  await world.verify();
  for (const member of members) assert.deepEqual([member.starts, member.running], [1, true]);
});

import { after, test } from 'node:test';
import { openFaultWorld } from './support/world.ts';

test('row 01: smoke', async () => {
  const world = await openFaultWorld({ partitions: 2 });
  after(() => world.close());
  await world.feeder.feed(3000, world.all);
  const a = await world.start('aggregator');
  await a.untilServing();
  await world.verify();
});

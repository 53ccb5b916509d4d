import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { eventually } from '../support/eventually.ts';
import { recreate } from './support/admin.ts';
import { openFaultWorld } from './support/world.ts';

test('row 10: a topic deleted and created again, up, down and at once: the new one is counted, the old one kept', async () => {
  const world = await openFaultWorld({ chunkSize: 256, seed: 1001 });
  after(() => world.close());
  const member = await world.start('aggregator');
  await member.untilServing();
  await world.feeder.feed(1500, world.all);
  await world.verify();

  // While it reads; what is missing is named meanwhile.
  await recreate(world, async () => {
    await eventually('unready by name', async () => {
      const { status, body } = await member.readyz();
      return status === 503 && body.includes('driftline.predictions does not exist');
    });
  });
  await world.feeder.feed(1200, world.all);
  await world.verify();
  await member.untilServing();

  // While nobody reads, and fuller than the old one was.
  await member.kill();
  await recreate(world);
  await world.feeder.feed(1800, world.all);
  member.spawn();
  await world.verify();

  // At once, and past where reading stood before anybody can look.
  await member.untilServing();
  await recreate(world);
  await world.feeder.feed(3000, world.all);
  await world.verify();
  assert.equal(member.starts, 2);
  const [known] = await world.sql<{ n: number }>(`SELECT toUInt32(uniqExact(incarnation)) AS n FROM predictions`);
  assert.equal(known!.n, 4);
});

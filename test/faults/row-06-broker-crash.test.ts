import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { eventually, sleep } from '../support/eventually.ts';
import { checkOnce, openPagingWorld, triggers } from './support/paging-world.ts';

test('row 06: the broker crashes and comes back: nothing is lost or counted twice, and no alert is lost', async () => {
  const world = await openPagingWorld({ seed: 601 });
  after(() => world.close());
  const services = ['aggregator', 'aggregator', 'detector', 'notifier'] as const;
  const members = await Promise.all(services.map((service) => world.start(service)));
  await Promise.all(members.map((member) => member.untilServing()));
  const stream = world.feeder.run(400, world.all);
  for (let crash = 0; crash < 2; crash += 1) {
    await sleep(3000);
    await world.broker.kill();
    await sleep(2000);
    await world.broker.restart();
  }
  await sleep(2000);
  await stream.stop();
  await world.verify({ sealed: true, timeoutMs: 120_000 });
  await eventually('a page', () => triggers(world).length > 0, 90_000);
  await eventually('every notice delivered', async () => {
    const [waiting] = await world.sql<{ n: number }>(
      "SELECT toUInt32(count()) AS n FROM deliveries WHERE state = 'pending'",
    );
    return waiting!.n === 0;
  });
  await checkOnce(world);
  for (const member of members) assert.deepEqual([member.starts, member.running], [1, true], member.name);
});

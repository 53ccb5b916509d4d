import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { eventually } from '../support/eventually.ts';
import { startKafkaCluster } from '../support/kafka-broker.ts';
import { leadership } from './support/admin.ts';
import { openFaultWorld } from './support/world.ts';

test('row 07: leader and coordinator move: each of three brokers is killed in its turn, and work goes on', async () => {
  const broker = await startKafkaCluster();
  const world = await openFaultWorld({ broker, seed: 701 });
  after(() => world.close());
  const member = await world.start('aggregator');
  await member.untilServing();
  // One of the three is the group's coordinator, and each leads a partition.
  const first = (await leadership(world.bootstrap)).leader;
  for (const node of [first, ...[1, 2, 3].filter((id) => id !== first)]) {
    await world.feeder.feed(500, world.all);
    await broker.kill(node - 1);
    await world.feeder.feed(500, world.all);
    await world.untilCovered(120_000);
    await broker.restart(node - 1);
    for (const partition of world.all) {
      await eventually('all copies in step', async () => {
        const { isr } = await leadership(world.bootstrap, undefined, partition).catch(() => ({ isr: [] }));
        return isr.length === 3;
      });
    }
  }
  await world.verify();
  assert.deepEqual([member.starts, member.running], [1, true]);
  await member.untilServing();
});

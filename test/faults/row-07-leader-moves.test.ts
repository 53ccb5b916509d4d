import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { eventually } from '../support/eventually.ts';
import { startKafkaCluster } from '../support/kafka-broker.ts';
import { leadership } from './support/admin.ts';
import { openFaultWorld } from './support/world.ts';

test('row 07: leader and coordinator move: each of three brokers is killed in its turn, and work goes on', async () => {
  const broker = await startKafkaCluster();
  const world = await openFaultWorld({ broker, replication: 3, seed: 701 });
  after(() => world.close());
  const member = await world.start('aggregator');
  await member.untilServing();
  // One of the three is the group's coordinator, and each leads a partition.
  const first = (await leadership(world.bootstrap)).leader;
  const stream = world.feeder.run(60, world.all);
  for (const node of [first, ...[1, 2, 3].filter((id) => id !== first)]) {
    const before = stream.sent;
    await broker.kill(node - 1);
    await eventually('more events', () => stream.sent > before + 200);
    await world.untilCovered(120_000);
    await broker.restart(node - 1);
    for (const partition of world.all) {
      await eventually(
        'all copies in step',
        async () => {
          const { isr } = await leadership(world.bootstrap, undefined, partition).catch(() => ({ isr: [] }));
          return isr.length === 3;
        },
        120_000,
      );
    }
  }
  await stream.stop();
  await world.verify({ timeoutMs: 120_000 });
  assert.deepEqual([member.starts, member.running], [1, true]);
  await member.untilServing();
});

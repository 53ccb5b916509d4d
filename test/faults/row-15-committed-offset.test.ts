import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { eventually } from '../support/eventually.ts';
import { deleteGroup } from './support/admin.ts';
import { PREDICTIONS } from './support/feeder.ts';
import { committedOffsets, setCommittedOffset } from './support/group-offsets.ts';
import { type FaultWorld, openFaultWorld } from './support/world.ts';

const FAR = 1_000_000_000;

const setAll = (world: FaultWorld, offset: number) =>
  Promise.all(
    world.all.map((partition) => setCommittedOffset(world.bootstrap, world.group, PREDICTIONS, partition, offset)),
  );

test('row 15: committed offsets wiped, far beyond the log and before its end: the manifest decides where to start', async () => {
  const world = await openFaultWorld({ partitions: 2, chunkSize: 256, seed: 115 });
  after(() => world.close());
  const member = await world.start('aggregator');
  const damages: [string, () => Promise<unknown>][] = [
    ['10^9', () => setAll(world, FAR)],
    ['wiped', () => deleteGroup(world.bootstrap, world.group)],
    ['0', () => setAll(world, 0)],
    ['the end', () => setAll(world, 500)],
  ];
  for (const [name, damage] of damages) {
    await world.feeder.feed(700, world.all);
    await world.untilCovered();
    await member.stop();
    await world.feeder.feed(300, world.all);
    await damage();
    await member.start();
    await world.verify().catch((error: Error) => {
      throw new Error(`committed offsets ${name}: ${error.message}`, { cause: error });
    });
    assert.equal((await member.readyz()).status, 200, name);
  }
});

test('row 15: without a manifest and with an offset outside the log that partition halts, and the others go on', async () => {
  const world = await openFaultWorld({ partitions: 2, chunkSize: 256, seed: 215 });
  after(() => world.close());
  // Creates the topics.
  const member = await world.start('aggregator');
  await member.untilServing();
  await member.stop();
  await setCommittedOffset(world.bootstrap, world.group, PREDICTIONS, 0, FAR);
  await world.feeder.feed(800, world.all);
  await member.start();
  await eventually('partition 1 to be covered', async () => {
    const rows = await world.sql<{ n: number }>('SELECT max(reach) AS n FROM manifest_rows WHERE partition = 1');
    return Number(rows[0]!.n) > 200;
  });
  const { status, body } = await member.readyz();
  assert.equal(status, 503);
  assert.match(body, /driftline\.predictions\/0: no manifest, and the committed offset 1000000000 is outside the log/);
  assert.equal(await member.metric('driftline_partition_halted', { topic: PREDICTIONS, partition: '0' }), 1);
  assert.equal(await member.metric('driftline_partition_halted', { topic: PREDICTIONS, partition: '1' }), 0);
  const touched = await world.sql('SELECT 1 FROM manifest_rows WHERE partition = 0 LIMIT 1');
  assert.deepEqual(touched, [], 'nothing of the halted partition is counted');
  const committed = await committedOffsets(world.bootstrap, world.group, PREDICTIONS, 2);
  assert.equal(committed[0], FAR, 'nothing is committed for it');

  // As the message says: the group's offset is reset to where aggregation should begin.
  await member.stop();
  await setCommittedOffset(world.bootstrap, world.group, PREDICTIONS, 0, 0);
  await member.start();
  await world.verify();
  await member.untilServing();
});

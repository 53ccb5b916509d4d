import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { eventually } from '../support/eventually.ts';
import { deleteRecords } from './support/admin.ts';
import { PREDICTIONS } from './support/feeder.ts';
import { openFaultWorld } from './support/world.ts';

test('row 09: retention takes the chunk of a process that sleeps: what it flushes when it wakes counts nowhere', async () => {
  const world = await openFaultWorld({ partitions: 1, chunkSize: 4096, sessionTimeout: '1s', seed: 409 });
  after(() => world.close());
  const zombie = await world.start('aggregator');
  await zombie.untilServing();
  await world.feeder.feed(600, world.all);
  await world.untilCovered();

  // Asleep with a flush on its way to the store, which gets it after the successor has gone on.
  let arrived = () => {};
  const held = new Promise<void>((resolve) => {
    arrived = resolve;
  });
  const hold = world.proxy.arm({
    match: /^INSERT INTO `chunk_rows`/,
    at: 'before',
    from: zombie.name,
    act: {
      call: async () => {
        zombie.signal('SIGSTOP');
        await held;
      },
    },
  });
  await world.feeder.feed(300, world.all);
  await eventually('the zombie stopped', () => hold.used() === 1);
  await world.take();
  await deleteRecords(world.bootstrap, PREDICTIONS, 0, 500);

  const heir = await world.start('aggregator');
  await heir.untilServing();
  await world.feeder.feed(200, world.all);
  await world.verify();
  const beyond = "SELECT max(covered) AS covered FROM chunk_rows WHERE chunk_start = 0 AND spec_id NOT LIKE '-at-%'";
  const [before] = await world.sql<{ covered: number }>(beyond);

  arrived();
  await eventually('its rows', async () => {
    const [now] = await world.sql<{ covered: number }>(beyond);
    return Number(now!.covered) > Number(before!.covered);
  });
  await world.verify();
  zombie.signal('SIGCONT');
  await zombie.untilServing();
  await world.feeder.feed(4_000, world.all);
  await world.verify();
  const starts = await world.sql<{ start: number }>('SELECT DISTINCT chunk_start AS start FROM manifest_rows');
  assert.ok(starts.length >= 3, 'the chunk, the sub-chunk, the next chunk');
  assert.ok(zombie.running && heir.running, 'both live on');
});

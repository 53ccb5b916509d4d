import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '../support/eventually.ts';
import { openFaultWorld } from './support/world.ts';

/** Far past the session of 1 s; the soak makes it longer. */
const STOPPED_MS = Number(process.env.DRIFTLINE_TEST_ZOMBIE_MS ?? 8_000);

test('row 02: a process that slept past its session changes nothing when it wakes in the middle of a flush', async () => {
  const world = await openFaultWorld({ partitions: 2, chunkSize: 256, sessionTimeout: '1s', seed: 201 });
  after(() => world.close());
  const zombie = await world.start('aggregator');
  await zombie.untilServing();
  // Asleep with a flush half done: its ledger rows written, its manifest and commit to come.
  const asleep = world.proxy.arm({
    match: /^INSERT INTO `chunk_rows`/,
    at: 'after',
    act: 'stop',
    from: zombie.name,
    skip: 2,
  });
  const stream = world.feeder.run(400, world.all);
  await eventually('the zombie stopped', () => asleep.used() === 1);

  const heir = await world.start('aggregator');
  await heir.untilServing();
  await sleep(STOPPED_MS);
  const [before] = await world.sql<{ reach: string }>('SELECT toString(sum(reach)) AS reach FROM manifest_rows FINAL');
  const committedBefore = await world.checkCommitted();
  const lastOfHeir = world.proxy.seen.length;

  zombie.signal('SIGCONT');
  await eventually('the zombie flushing what it had', () =>
    world.proxy.seen
      .slice(lastOfHeir)
      .some(({ from, statement }) => from === zombie.name && statement.startsWith('INSERT')),
  );
  await sleep(3_000);
  const committedAfter = await world.checkCommitted();
  for (const [partition, offset] of committedAfter.entries()) {
    assert.ok(
      (offset ?? 0) >= (committedBefore[partition] ?? 0),
      `partition ${partition}: ${committedBefore} → ${committedAfter}`,
    );
  }
  const [now] = await world.sql<{ reach: string }>('SELECT toString(sum(reach)) AS reach FROM manifest_rows FINAL');
  assert.ok(Number(now!.reach) >= Number(before!.reach), 'no manifest went back');
  await stream.stop();
  await world.verify();
  assert.ok(zombie.running && heir.running, 'both live on');
  await zombie.untilServing();
});

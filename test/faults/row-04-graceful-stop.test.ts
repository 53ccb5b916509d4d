import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { eventually } from '../support/eventually.ts';
import type { Member } from './support/member.ts';
import { type FaultWorld, openFaultWorld } from './support/world.ts';

/** So long that partitions taken over sooner can only have been handed over. */
const SESSION = '60s';
const BOUND_MS = 30_000;

const flushing = (world: FaultWorld, member: Member) =>
  world.proxy.arm({
    match: /^INSERT INTO `chunk_rows`/,
    at: 'before',
    act: { delayMs: 1_000 },
    from: member.name,
  });

/** SIGTERM in the middle of a flush; returns once it has exited, with code and time. */
async function stopMidFlush(world: FaultWorld, member: Member): Promise<{ code: number | null; ms: number }> {
  const flush = flushing(world, member);
  await world.feeder.feed(300, world.all);
  await eventually('a flush', () => flush.used() === 1);
  const begun = Date.now();
  const code = await member.stop(BOUND_MS + 10_000);
  return { code, ms: Date.now() - begun };
}

test('row 04: SIGTERM in the middle of a flush: it is finished, the group is left at once, and the process exits', async () => {
  const world = await openFaultWorld({ partitions: 2, chunkSize: 1024, sessionTimeout: SESSION, seed: 401 });
  after(() => world.close());
  const first = await world.start('aggregator');
  await first.untilServing();
  const { code, ms } = await stopMidFlush(world, first);
  assert.equal(code, 0, first.output());
  assert.ok(ms < BOUND_MS, `${ms} ms`);
  // Nobody else runs: what the ledger has, the one that left has flushed.
  await world.untilCovered(5_000);

  const second = await world.start('aggregator');
  await second.untilServing();
  await world.feeder.feed(300, world.all);
  await world.verify({ timeoutMs: 30_000 });
});

test('row 04: SIGTERM while the store does not answer: the flush is given up and done again by the next', async () => {
  const world = await openFaultWorld({ partitions: 2, chunkSize: 1024, sessionTimeout: SESSION, seed: 402 });
  after(() => world.close());
  const first = await world.start('aggregator');
  await first.untilServing();
  world.proxy.slow(120_000, /^INSERT/);
  await world.feeder.feed(300, world.all);
  await eventually('an insert', () =>
    world.proxy.seen.some(({ statement }) => statement.startsWith('INSERT INTO `prediction_rows`')),
  );
  const begun = Date.now();
  assert.equal(await first.stop(BOUND_MS + 10_000), 0, first.output());
  assert.ok(Date.now() - begun < BOUND_MS, `${Date.now() - begun} ms`);

  world.proxy.slow(0);
  const second = await world.start('aggregator');
  await second.untilServing();
  await world.verify({ timeoutMs: 30_000 });
});

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { eventually } from '../support/eventually.ts';
import type { Member } from './support/member.ts';
import { type FaultWorld, openFaultWorld } from './support/world.ts';

/** So long that partitions which somebody has sooner can only have been handed over. */
const SESSION = '120s';
const BOUND_MS = 30_000;
/** Beyond the last flush's patience. */
const NEVER_MS = 120_000;
const EVENTS = 300;
const INSERT = /^INSERT INTO `(chunk|prediction)_rows`/;

let world: FaultWorld;
before(async () => {
  world = await openFaultWorld({ partitions: 2, chunkSize: 4096, sessionTimeout: SESSION, seed: 401 });
});
after(() => world.close());

async function stopInTime(member: Member): Promise<void> {
  const begun = Date.now();
  assert.equal(await member.stop(BOUND_MS + 10_000), 0, member.output().slice(-2000));
  const took = Date.now() - begun;
  assert.ok(took < BOUND_MS, `${member.name} took ${took} ms to stop`);
}

/** Starts a member; that it serves soon shows that no dead member's session is waited for. */
async function join(env: NodeJS.ProcessEnv = {}): Promise<Member> {
  const member = await world.start('aggregator', env);
  await member.untilServing(BOUND_MS);
  return member;
}

/** Records that the process has taken in, counted or not. */
async function taken(member: Member): Promise<number> {
  const names = ['driftline_events_total', 'driftline_losses_total', 'driftline_dead_letters_total'];
  const counts = await Promise.all(names.map((name) => member.metric(name, { topic: 'driftline.predictions' })));
  return counts.reduce((sum, count) => sum + count, 0);
}

test('row 04: SIGTERM with much read and nothing flushed: the last flush writes it, slow as the store is', async () => {
  const member = await join({ DRIFTLINE_AGGREGATION_FLUSH_INTERVAL: '1h' });
  // The first batch of a partition is flushed at once.
  await world.feeder.feed(20, world.all);
  await world.untilCovered();
  await world.feeder.feed(EVENTS, world.all);
  await eventually('all read', async () => (await taken(member)) === 20 + EVENTS);
  world.proxy.slow(1_000, INSERT);
  await stopInTime(member);
  world.proxy.slow(0);
  // Nobody else runs, so the one that left has flushed it.
  await world.verify({ timeoutMs: 1_000 });
});

test('row 04: SIGTERM in the middle of a flush: it is finished, and the next member goes on at once', async () => {
  const member = await join();
  const flush = world.proxy.arm({ match: /^INSERT INTO `chunk_rows`/, at: 'before', act: { delayMs: 1_500 } });
  await world.feeder.feed(EVENTS, world.all);
  await eventually('a flush', () => flush.used() === 1);
  await stopInTime(member);
  const flushed = await world.sql<{ partition: number; covered: string; reach: string }>(
    `SELECT partition, toString(max(covered)) AS covered, toString(any(reached.reach)) AS reach
     FROM chunk_rows INNER JOIN (SELECT partition, max(reach) AS reach FROM manifest_rows GROUP BY partition) AS reached
       USING partition
     GROUP BY partition`,
  );
  assert.ok(flushed.length > 0);
  for (const { partition, covered, reach } of flushed) {
    assert.ok(Number(reach) >= Number(covered), `partition ${partition}: reach ${reach}, flushed ${covered}`);
  }

  const next = await join();
  await world.verify();
  await stopInTime(next);
});

test('row 04: SIGTERM while the store does not answer: the flush is given up and done again by the next member', async () => {
  const member = await join();
  world.proxy.slow(NEVER_MS, INSERT);
  const before = world.proxy.seen.length;
  await world.feeder.feed(EVENTS, world.all);
  await eventually('an insert', () => world.proxy.seen.slice(before).some(({ statement }) => INSERT.test(statement)));
  await stopInTime(member);
  world.proxy.slow(0);
  await join();
  await world.verify();
});

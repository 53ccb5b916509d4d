import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Member } from './support/member.ts';
import { Random } from './support/random.ts';
import { type FaultWorld, openFaultWorld } from './support/world.ts';

const KILLS = Number(process.env.DRIFTLINE_TEST_KILLS ?? 200);
const SEED = Number(process.env.DRIFTLINE_TEST_SEED ?? 1);
const MEMBERS = 4;
const RATE = 400;
/** Mean life of a member between its ready line and its death, ms; most die while they read, some while they join. */
const MEAN_LIFE_MS = 2_500;

/** Kills one member again and again at random moments, and starts it anew at once. */
async function torment(member: Member, random: Random, budget: { left: number }): Promise<void> {
  while (budget.left > 0) {
    await member.ready();
    await sleep(random.next() * 2 * MEAN_LIFE_MS);
    if (budget.left <= 0) return;
    budget.left -= 1;
    await member.restart();
  }
}

/** Takes the log and compares committed offsets with the manifests now and then, while members die. */
async function watchCommits(world: FaultWorld, budget: { left: number }): Promise<number> {
  let looks = 0;
  for (; budget.left > 0; looks += 1) {
    await world.checkCommitted();
    await sleep(3_000);
  }
  return looks;
}

test(`row 01: ${KILLS} kills at random moments, of ${MEMBERS} members, while events come in`, async () => {
  const options = { partitions: 6, chunkSize: 256, sessionTimeout: '1s', seed: SEED } as const;
  const world = await openFaultWorld({ ...options, aggregation: 'flush_interval: 100ms, idle_after: 2s' });
  after(() => world.close());
  const members = Array.from({ length: MEMBERS }, () => world.member('aggregator'));
  const stream = world.feeder.run(RATE, world.all);
  const budget = { left: KILLS };
  for (const member of members) member.spawn();
  const begun = Date.now();
  const kills = members.map((member, index) => torment(member, new Random(SEED * 100 + index), budget));
  const [looks] = await Promise.all([watchCommits(world, budget), ...kills]);
  assert.ok(looks > 0);
  const starts = members.reduce((sum, member) => sum + member.starts, 0);
  assert.equal(starts, KILLS + MEMBERS, 'every kill met a running process, and each was started again');
  await stream.stop();
  const seconds = Math.round((Date.now() - begun) / 1000);
  await world.verify({ timeoutMs: 120_000 });
  console.log(`${KILLS} kills in ${seconds} s, ${world.oracle.records} records, seed ${SEED}`);
});

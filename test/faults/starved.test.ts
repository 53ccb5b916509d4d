import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Member } from './support/member.ts';
import { type FaultWorld, openFaultWorld } from './support/world.ts';

/** A process gets a sixth of the time, in slices of 100 ms, as on a machine with six times the load it can take. */
const RUNS_MS = 100;
const WAITS_MS = 500;
const STARVED_MS = 45_000;
const EVENTS_PER_SECOND = 300;

function starve(members: readonly Member[]): { stop(): Promise<void> } {
  let over = false;
  const loop = async () => {
    while (!over) {
      for (const member of members) member.signal('SIGSTOP');
      await sleep(WAITS_MS);
      for (const member of members) member.signal('SIGCONT');
      await sleep(RUNS_MS);
    }
  };
  const done = loop();
  return {
    stop: async () => {
      over = true;
      await done;
    },
  };
}

/** How much of the log manifests vouch for. */
async function covered({ sql }: FaultWorld): Promise<number> {
  const [row] = await sql<{ reach: number }>(
    'SELECT toUInt32(sum(reach)) AS reach FROM (SELECT max(reach) AS reach FROM manifest_rows GROUP BY partition)',
  );
  return row!.reach;
}

test('starved: aggregators with a sixth of their time, a slow store and kills get on, chunk by chunk, and count all once', async () => {
  const world = await openFaultWorld({ seed: 3101, sessionTimeout: '6s', chunkSize: 2048 });
  after(() => world.close());
  const members = await Promise.all([world.start('aggregator'), world.start('aggregator')]);
  await Promise.all(members.map((member) => member.untilServing()));
  await world.feeder.feed(3_000, world.all);
  const stream = world.feeder.run(EVENTS_PER_SECOND, world.all);
  world.proxy.slow(300);
  const hunger = starve(members);
  const reached = [await covered(world)];
  for (let third = 0; third < 3; third += 1) {
    await sleep(STARVED_MS / 3);
    reached.push(await covered(world));
    // Whoever takes over reads the open chunk again, starved as well.
    if (third === 0) await members[0]!.kill().then(() => members[0]!.spawn());
  }
  await hunger.stop();
  world.proxy.slow(0);
  await stream.stop();
  console.log(`covered while starved: ${reached.join(', ')}`);
  assert.ok(reached.at(-1)! > reached[0]! + 1_000, `stood still: ${reached.join(', ')}`);
  await world.verify({ timeoutMs: 120_000 });
  assert.ok(members.every(({ running }) => running));
});

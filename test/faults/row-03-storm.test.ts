import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { openFaultWorld } from './support/world.ts';

const ROUNDS = 10;
const EVERY_MS = 2_000;

test('row 03: members join and leave every 2 s: reading goes on meanwhile, and counts are exact', async () => {
  const world = await openFaultWorld({ partitions: 4, chunkSize: 256, sessionTimeout: '2s', seed: 301 });
  after(() => world.close());
  const steady = await world.start('aggregator');
  await steady.untilServing();
  const comers = [world.member('aggregator'), world.member('aggregator')];
  const stream = world.feeder.run(400, world.all);
  const reached: number[] = [];
  const codes: Promise<number | null>[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const comer = comers[round % comers.length]!;
    if (comer.running) codes.push(comer.stop());
    else comer.spawn();
    await sleep(EVERY_MS);
    reached.push(await sumOfReach(world));
  }
  await stream.stop();
  for (const code of await Promise.all(codes)) assert.equal(code, 0, 'a member that leaves exits cleanly');
  for (const [round, reach] of reached.entries()) {
    const earlier = reached[round - 3];
    if (earlier !== undefined) assert.ok(reach > earlier, `no progress in 6 s of the storm: ${reached}`);
  }
  await world.verify();
});

async function sumOfReach(world: Awaited<ReturnType<typeof openFaultWorld>>): Promise<number> {
  const [row] = await world.sql<{ reach: string }>(
    'SELECT toString(sum(reach)) AS reach FROM (SELECT partition, max(reach) AS reach FROM manifest_rows GROUP BY partition)',
  );
  return Number(row?.reach);
}

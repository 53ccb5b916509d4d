import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { eventually } from '../support/eventually.ts';
import { deleteRecords } from './support/admin.ts';
import { PREDICTIONS } from './support/feeder.ts';
import { logOffsets, readPartition } from './support/kcat.ts';
import { type FaultWorld, openFaultWorld } from './support/world.ts';

const LOSSES =
  "SELECT reason, first_offset, last_offset, events FROM losses WHERE reason = 'log_trimmed' ORDER BY first_offset";

interface Loss {
  reason: string;
  first_offset: number;
  last_offset: number;
  events: number;
}

async function trimmed(world: FaultWorld): Promise<[number, number, number][]> {
  const rows = await world.sql<Loss>(LOSSES);
  return rows.map((row) => [Number(row.first_offset), Number(row.last_offset), Number(row.events)]);
}

/** How far the last chunk's manifest and rows reach. */
async function reached(world: FaultWorld): Promise<{ start: number; reach: number; covered: number }> {
  const rows = await world.sql<{ start: number; reach: number; covered: number }>(
    `SELECT start, reach, (SELECT max(covered) FROM chunk_rows WHERE chunk_start = start) AS covered
     FROM (SELECT chunk_start AS start, max(reach) AS reach FROM manifest_rows GROUP BY start ORDER BY start DESC LIMIT 1)`,
  );
  const { start, reach, covered } = rows[0]!;
  return { start: Number(start), reach: Number(reach), covered: Number(covered) };
}

const end = async (world: FaultWorld) => (await logOffsets(world.bootstrap, PREDICTIONS, 1, -1))[0]!;
const trim = (world: FaultWorld, offset: number) => deleteRecords(world.bootstrap, PREDICTIONS, 0, offset);

/** The oracle goes on behind records that were destroyed before it took them. */
async function passOver(world: FaultWorld, next: number): Promise<void> {
  world.oracle.next.set(`${await world.incarnation()}/0`, next);
}

test('row 09: retention takes the open chunk, half of it flushed: its rows stay, a sub-chunk follows, losses are exact', async () => {
  const world = await openFaultWorld({ partitions: 1, chunkSize: 1024, seed: 109, events: { lost: 0.04, bad: 0.04 } });
  after(() => world.close());
  const member = await world.start('aggregator');
  await member.untilServing();
  await world.feeder.feed(1300, world.all);
  await world.untilCovered();

  // While it runs: memory covers the chunk, so nothing changes.
  await trim(world, (await reached(world)).reach - 40);
  await world.feeder.feed(60, world.all);
  await world.verify();

  // Killed between rows and manifest, and trimmed up to within what only the rows cover.
  const rule = world.proxy.arm({ match: /^INSERT INTO `chunk_rows`/, at: 'after', act: 'kill' });
  await world.feeder.feed(200, world.all);
  await eventually('the kill', () => rule.used() === 1);
  await world.take();
  const cut = await reached(world);
  assert.ok(cut.covered > cut.reach, `rows cover ${cut.covered}, the manifest says ${cut.reach}`);
  await trim(world, Math.floor((cut.reach + cut.covered) / 2));
  await member.start();
  // A sub-chunk opens with a record of its own: the rows may have covered all there was.
  await world.feeder.feed(20, world.all);
  await world.verify();
  assert.ok((await reached(world)).start >= cut.covered, 'a sub-chunk behind the rows');
  assert.deepEqual(await trimmed(world), [], 'nothing lost');

  // While it is down, beyond what it had read.
  await member.kill();
  const first = await end(world);
  await world.feeder.feed(200, world.all);
  await trim(world, first + 120);
  await passOver(world, first + 120);
  await member.start();
  await world.verify();
  assert.deepEqual(await trimmed(world), [[first, first + 119, 120]]);

  // Again within the sub-chunk that followed, across a restart: declared once, counted once.
  await member.restart();
  await world.feeder.feed(700, world.all);
  await world.verify();
  assert.deepEqual(await trimmed(world), [[first, first + 119, 120]]);
});

test('row 09: retention overtakes an aggregator whose store is down: what it took is declared, the rest counted', async () => {
  const world = await openFaultWorld({ partitions: 1, chunkSize: 1024, seed: 209 });
  after(() => world.close());
  const member = await world.start('aggregator');
  await member.untilServing();
  await world.feeder.feed(500, world.all);
  await world.untilCovered();
  const before = await end(world);
  world.proxy.down();
  // More than fits into what is fetched ahead.
  for (let i = 0; i < 12; i += 1) await world.feeder.feed(5_000, world.all);
  const records = await readPartition(world.bootstrap, PREDICTIONS, 0, before);
  const kept = (await end(world)) - 100;
  await trim(world, kept);
  world.proxy.up();
  await eventually('the log covered to its end', async () => (await reached(world)).reach >= kept + 100, 90_000);
  const [loss, ...more] = await trimmed(world);
  assert.deepEqual(more, [], 'one gap');
  const [first, last] = loss ?? [kept, kept - 1];
  assert.ok(loss !== undefined, 'it had not read so far ahead');
  assert.equal(last, kept - 1);
  const incarnation = await world.incarnation();
  const read = records.filter(({ offset }) => offset < first || offset > last);
  world.oracle.take(incarnation, read);
  await world.verify();
});

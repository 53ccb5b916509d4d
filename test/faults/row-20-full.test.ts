import assert from 'node:assert/strict';
import { cpSync, mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '../support/eventually.ts';
import type { Member } from './support/member.ts';
import { storeCommand } from './support/store-command.ts';
import { mountTinyDisk } from './support/tiny-disk.ts';
import { type FaultWorld, openFaultWorld } from './support/world.ts';

const TABLES = ['chunk_rows', 'manifest_rows', 'prediction_rows'];
/** Long enough for the back-off to show. */
const FULL_MS = 6_000;

const reaches = (world: FaultWorld): Promise<unknown[]> =>
  world.sql('SELECT partition, max(reach) AS reach FROM manifest_rows GROUP BY partition ORDER BY partition');

/**
 * Feeds while the store takes nothing and looks at what is promised: it is said by name, tried again with back-off, and
 * nothing is vouched for or committed meanwhile.
 */
async function feedInVain(world: FaultWorld, aggregators: readonly Member[], reason: RegExp): Promise<void> {
  const retries = async (): Promise<number> => {
    const each = await Promise.all(aggregators.map((member) => member.metric('driftline_write_retries_total')));
    return each.reduce((sum, count) => sum + count, 0);
  };
  await world.feeder.feed(2_000, world.all);
  for (const member of aggregators) {
    await eventually(`${member.name} says why it waits`, async () => {
      const { status, body } = await member.readyz();
      return status === 503 && reason.test(body);
    });
    assert.match(member.output(), reason);
  }
  const [reached, committed, tried] = [await reaches(world), await world.checkCommitted(), await retries()];
  assert.ok(tried > 0);
  await sleep(FULL_MS);
  assert.deepEqual(await reaches(world), reached);
  assert.deepEqual(await world.checkCommitted(), committed, 'committed past what is durable');
  const perSecond = ((await retries()) - tried) / (FULL_MS / 1000);
  assert.ok(perSecond < 20, `${perSecond} attempts a second are no back-off`);
  assert.ok(aggregators.every((member) => member.running));
}

async function open(seed: number): Promise<{ world: FaultWorld; aggregators: Member[] }> {
  const world = await openFaultWorld({ partitions: 2, chunkSize: 512, seed });
  after(() => world.close());
  return { world, aggregators: [world.member('aggregator'), world.member('aggregator')] };
}

async function settle(world: FaultWorld, aggregators: readonly Member[]): Promise<void> {
  await Promise.all(aggregators.map((member) => member.start()));
  await Promise.all(aggregators.map((member) => member.untilServing()));
  await world.feeder.feed(1_500, world.all);
  await world.untilCovered();
}

test('row 20: too many parts: it backs off, commits nothing, says so, and goes on when they are merged', async () => {
  const { world, aggregators } = await open(2001);
  await settle(world, aggregators);
  for (const table of TABLES) {
    await storeCommand(world, `SYSTEM STOP MERGES ${table}`);
    await storeCommand(world, `INSERT INTO ${table} SELECT * FROM ${table} LIMIT 1`);
    await storeCommand(world, `ALTER TABLE ${table} MODIFY SETTING parts_to_throw_insert = 1`);
  }
  await feedInVain(world, aggregators, /Too many parts/);
  for (const table of TABLES) {
    await storeCommand(world, `SYSTEM START MERGES ${table}`);
    await storeCommand(world, `ALTER TABLE ${table} RESET SETTING parts_to_throw_insert`);
  }
  await world.verify();
  await Promise.all(aggregators.map((member) => member.untilServing()));
});

test('row 20: the disk of the store is full: it backs off, commits nothing, says so, and goes on with room', async () => {
  const { world, aggregators } = await open(2002);
  await world.store.kill();
  const data = join(world.dir, 'store');
  renameSync(data, join(world.dir, 'before'));
  mkdirSync(data);
  const disk = mountTinyDisk(data, 96 * 2 ** 20);
  try {
    cpSync(join(world.dir, 'before'), data, { recursive: true });
    await world.store.start();
    await settle(world, aggregators);
    // To the last byte, and then with so little left that files break off in the middle.
    for (const leave of [0, 300_000]) {
      disk.fill(leave);
      await feedInVain(world, aggregators, /not enough space|No space left/i);
      disk.makeRoom();
      await world.verify();
      await Promise.all(aggregators.map((member) => member.untilServing()));
    }
    disk.fill();
    await world.store.kill();
    disk.makeRoom();
    await world.store.start();
    await world.feeder.feed(500, world.all);
    await world.verify();
  } finally {
    await world.store.kill();
    disk.close();
  }
});

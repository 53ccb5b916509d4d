import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { type DriftlineProcess, startDriftline } from '../support/driftline-process.ts';
import { eventually } from '../support/eventually.ts';
import { checkCounted, isGone, nothingAnswered, postUntil } from '../support/posting.ts';
import { standaloneIn } from '../support/standalone-kills.ts';
import { mountTinyDisk } from './support/tiny-disk.ts';

test('row 20, embedded: log and engine on a full disk: 503 and nothing lost, until there is room again', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'driftline-full-'));
  const disk = mountTinyDisk(join(dir, 'disk'), 160 * 2 ** 20);
  let running: DriftlineProcess | null = null;
  after(async () => {
    await running?.end('SIGKILL');
    disk.close();
    rmSync(dir, { recursive: true, force: true });
  });
  const driftline = await startDriftline(standaloneIn(dir, 'disk/data'));
  running = driftline;
  const answered = nothingAnswered();
  let done = false;
  const posting = postUntil(driftline.http, 'p', answered, () => done || isGone(driftline));
  for (const leave of [0, 400_000]) {
    await eventually('some are taken', () => answered.accepted.size > 500);
    const [accepted, refusals] = [answered.accepted.size, answered.refusals];
    await eventually(
      'the log takes no more',
      () => {
        // Merges give back room.
        disk.fill(leave);
        return answered.refusals > refusals + 3;
      },
      240_000,
    );
    assert.equal(isGone(driftline), false);
    disk.makeRoom();
    await eventually('events are taken again', () => answered.accepted.size > accepted + 500, 120_000);
    await eventually('ready again', async () => (await fetch(`${driftline.http}/readyz`)).status === 200, 120_000);
  }
  done = true;
  await posting;
  await checkCounted(driftline.sql, answered);
  t.diagnostic(`${answered.accepted.size} accepted, ${answered.refusals} refusals`);
  assert.equal(await driftline.end('SIGTERM'), 0);
});

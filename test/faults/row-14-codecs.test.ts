import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { eventually } from '../support/eventually.ts';
import { runProgram } from '../support/java.ts';
import { judged, takePartition } from './support/admin.ts';
import { crc32c } from './support/crc32c.ts';
import { EventStream } from './support/events.ts';
import { PREDICTIONS } from './support/feeder.ts';
import { logOffsets } from './support/kcat.ts';
import { verify } from './support/verify.ts';
import { type FaultWorld, openFaultWorld } from './support/world.ts';

const HOUR = 3_600_000;

/** Where the last record batch of a partition begins in its one segment. */
function lastBatch(segment: Buffer): number {
  let at = 0;
  for (let next = 0; next < segment.length; next = at + 12 + segment.readInt32BE(at + 8)) at = next;
  return at;
}

/** Changes the last batch of a partition in the broker's file, with a checksum that fits, as no broker would take it. */
async function tamper(world: FaultWorld, partition: number, change: (batch: Buffer) => void): Promise<void> {
  const file = join(world.broker.dir, 'data', `${PREDICTIONS}-${partition}`, '00000000000000000000.log');
  const segment = readFileSync(file);
  const batch = segment.subarray(lastBatch(segment));
  change(batch);
  batch.writeUInt32BE(crc32c(batch.subarray(21)), 17);
  writeFileSync(file, segment);
}

test('row 14: gzip, snappy, lz4 and zstd are decoded; an unknown codec and broken bytes halt their partition by name', async () => {
  const world = await openFaultWorld({ seed: 1401 });
  after(() => world.close());
  const stream = new EventStream(1402, { start: Date.now() - 24 * HOUR, step: 10_000, lost: 0.01, bad: 0.01 });
  const file = join(world.dir, 'lines.jsonl');
  writeFileSync(file, Array.from({ length: 3000 }, () => stream.next()).join('\n'));
  const member = await world.start('aggregator');
  const args = [world.bootstrap, PREDICTIONS, file, 'gzip', 'snappy', 'lz4', 'zstd'];
  await runProgram(new URL('./support/Compressed.java', import.meta.url), args);
  await world.verify();
  await member.kill();

  const ends = await logOffsets(world.bootstrap, PREDICTIONS, 3, -1);
  for (const partition of [0, 1]) {
    await world.feeder.sendLines([stream.next()], { partition, args: ['-z', 'gzip'] });
  }
  await world.broker.kill();
  await tamper(world, 0, (batch) => batch.writeInt16BE((batch.readInt16BE(21) & ~7) | 6, 21));
  await tamper(world, 1, (batch) => batch.fill(0x5a, 75, 110));
  await world.broker.restart();
  member.spawn();
  const reason = (partition: number, why: string) =>
    `${PREDICTIONS}/${partition}: the record batch at offsets ${ends[partition]} to ${ends[partition]} cannot be read: ${why}`;
  const expected = [reason(0, 'compression codec 6 is unknown'), reason(1, 'its gzip compression cannot be read')];
  let told = '';
  await eventually(
    'unready by name',
    async () => {
      const { status, body } = await member.readyz().catch(() => ({ status: 0, body: '' }));
      told = body;
      return status === 503 && expected.every((text) => body.includes(text));
    },
    120_000,
  ).catch((error: Error) => {
    throw new Error(`${error.message}: ${told} instead of ${expected.join(' and ')}`);
  });
  assert.equal(await member.metric('driftline_partition_halted'), 2);
  for (const text of expected) assert.ok(member.output().includes(text), text);
  // The third goes on.
  await world.feeder.feed(900, [2]);
  await takePartition(world, await world.incarnation(), 2, ends[2]!);
  await verify(judged(world, await world.incarnation()));
  assert.deepEqual([member.starts, member.running], [2, true], 'no crash loop');
});

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { eventually } from '../support/eventually.ts';
import { runProgram } from '../support/java.ts';
import { EventStream } from './support/events.ts';
import { PREDICTIONS } from './support/feeder.ts';
import { openFaultWorld } from './support/world.ts';

const HOUR = 3_600_000;

test('row 12: a Java producer with transactions and aborts: what was aborted is not counted, and chunks still close', async () => {
  const world = await openFaultWorld({
    chunkSize: 64,
    seed: 1201,
    // What a producer leaves open is aborted soon.
    brokerOptions: { properties: { 'transaction.abort.timed.out.transaction.cleanup.interval.ms': '500' } },
  });
  after(() => world.close());
  const member = await world.start('aggregator');
  await member.untilServing();
  const stream = new EventStream(1202, { start: Date.now() - 24 * HOUR, step: 10_000, lost: 0, bad: 0 });
  const lines = Array.from({ length: 3000 }, () => stream.next());
  const file = join(world.dir, 'transactions.jsonl');
  writeFileSync(file, lines.join('\n'));
  const args = [world.bootstrap, PREDICTIONS, String(world.partitions), file, '40'];
  await runProgram(new URL('./support/Transactions.java', import.meta.url), args);
  await world.feeder.feed(300, world.all);
  // A third was aborted. What stands behind the open transaction is not to be read before the broker aborts that too.
  await eventually('the open transaction aborted', async () => {
    await world.take();
    return world.oracle.records === 2000 + 300;
  });
  await world.verify();
  const open = await world.sql<{ partition: number; chunks: number; open: number }>(
    `SELECT partition, toUInt32(count()) AS chunks, toUInt32(countIf(closed = 0)) AS open FROM (
       SELECT partition, chunk_start, max(closed) AS closed FROM manifest_rows
       WHERE topic = '${PREDICTIONS}' GROUP BY partition, chunk_start) GROUP BY partition`,
  );
  assert.equal(open.length, world.partitions);
  for (const { chunks, open: unclosed } of open)
    assert.ok(chunks > 5 && unclosed <= 1, `${chunks} chunks, ${unclosed} open`);
});

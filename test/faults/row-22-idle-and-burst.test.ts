import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '../support/eventually.ts';
import type { Member } from './support/member.ts';
import { type FaultWorld, openFaultWorld } from './support/world.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

interface Sealed {
  state: string;
  windows: number;
  events: number;
}

async function sealed(world: FaultWorld): Promise<Map<string, Sealed>> {
  const rows = await world.sql<Sealed>(
    'SELECT state, count() AS windows, sum(events) AS events FROM operations GROUP BY state',
  );
  return new Map(rows.map((row) => [row.state, { ...row, windows: Number(row.windows), events: Number(row.events) }]));
}

/** Reads the watermark again and again; it may stand still but never goes back. Stops when told, with its readings. */
function watch(detector: Member): () => Promise<number[]> {
  const seen: number[] = [];
  let stopped = false;
  const loop = (async () => {
    while (!stopped) {
      const value = await detector.metric('driftline_watermark_timestamp_seconds').catch(() => 0);
      if (value > 0) seen.push(value);
      await sleep(100);
    }
  })();
  return async () => {
    stopped = true;
    await loop;
    return seen;
  };
}

test('row 22: an idle partition holds windows back until the broker confirms it; a burst of late events revises them', async () => {
  const aggregation = 'flush_interval: 200ms, idle_after: 2s, allowed_delay: 1s';
  const world = await openFaultWorld({
    partitions: 3,
    chunkSize: 256,
    seed: 122,
    aggregation,
    // Two days old, in whatever time zone and at whatever hour: all windows, those of a day too, are over, and only the
    // partitions decide when they are complete.
    events: { start: (Math.floor(Date.now() / DAY) - 2) * DAY, step: 20_000, lost: 0, bad: 0 },
  });
  after(() => world.close());
  const patient = await world.start('aggregator', { DRIFTLINE_AGGREGATION_IDLE_AFTER: '1h' });
  const detector = await world.start('detector');
  await Promise.all([patient.untilServing(), detector.untilServing()]);
  const stop = watch(detector);

  // Partition 2 never had a record, and nobody has confirmed that it is idle: every window waits, however long.
  await world.feeder.feed(900, [0, 1]);
  await world.untilCovered();
  await sleep(4_000);
  assert.deepEqual([...(await sealed(world)).keys()], ['provisional'], 'unknown is not idle');
  await patient.kill();
  const aggregator = await world.start('aggregator');
  await eventually(
    'every window to be complete',
    async () => (await sealed(world)).get('provisional') === undefined,
    60_000,
  );
  await world.verify({ sealed: true });

  // A restart behind closed and open chunks: idle partitions are known to be idle without a new record.
  await aggregator.kill();
  await world.feeder.feed(300, [0]);
  await aggregator.start();
  await eventually(
    'the windows of partition 0 alone',
    async () => (await sealed(world)).get('provisional') === undefined,
    60_000,
  );
  await world.verify({ sealed: true });

  // A producer that lay still for a day and sends all at once, with its old times.
  await world.feeder.feed(2_000, [2]);
  await world.verify({ sealed: true });
  const last = await sealed(world);
  assert.ok((last.get('revised')?.windows ?? 0) > 0, 'late events revised windows');
  const marks = await stop();
  assert.ok(marks.length > 20);
  assert.deepEqual(
    marks,
    marks.toSorted((a, b) => a - b),
    'the watermark never went back',
  );
});

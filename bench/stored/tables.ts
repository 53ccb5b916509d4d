import { setTimeout as wait } from 'node:timers/promises';
import type { Store } from '../../lib/ports/store.ts';
import type { Sent } from './append.ts';

const PATIENCE_MS = 1_800_000;
const TABLES = [
  'window_rows',
  'score_window_rows',
  'hour_rows',
  'score_hour_rows',
  'day_rows',
  'score_day_rows',
  'chunk_rows',
  'manifest_rows',
];

export interface Stored {
  table: string;
  rows: number;
  /** On the disk, compressed. */
  bytes: number;
}

/** Waits until every window of the stream is sealed and scored, and its two hours and two days are made. */
export async function untilRolledUp(store: Store, { start, end }: Sent): Promise<void> {
  const windows = Math.round((end - start) / 60_000);
  const wanted = JSON.stringify({ windows, scored: windows, hours: 2, days: 2, scoredDays: 2 });
  const before = 'fromUnixTimestamp64Milli({end:Int64})';
  const until = Date.now() + PATIENCE_MS;
  for (let found = ''; found !== wanted; await wait(500)) {
    if (Date.now() > until) throw new Error(`after ${PATIENCE_MS / 1000} s the store has ${found} of ${wanted}`);
    const [row] = await store.query(
      `SELECT
         (SELECT toFloat64(uniqExact(window_start)) FROM window_rows WHERE feature = '' AND window_start < ${before}) AS windows,
         (SELECT toFloat64(uniqExact(window_start)) FROM score_window_rows WHERE window_start < ${before}) AS scored,
         (SELECT toFloat64(uniqExact(window_start)) FROM hour_rows WHERE feature = '' AND segment = '') AS hours,
         (SELECT toFloat64(uniqExact(window_start)) FROM day_rows WHERE feature = '' AND segment = '') AS days,
         (SELECT toFloat64(uniqExact(window_start)) FROM score_day_rows) AS scoredDays`,
      { end },
    );
    found = JSON.stringify(row);
  }
}

/** Every table that Driftline keeps of a stream, its parts merged into one a partition. */
export async function storedBytes(store: Store): Promise<Stored[]> {
  for (const table of TABLES) await store.command(`OPTIMIZE TABLE ${table} FINAL`);
  const rows = await store.query<Stored>(
    `SELECT table, toFloat64(sum(rows)) AS rows, toFloat64(sum(bytes_on_disk)) AS bytes FROM system.parts
     WHERE active AND database = currentDatabase() GROUP BY table`,
  );
  return TABLES.flatMap((table) => rows.filter((row) => row.table === table));
}

import type { Store } from '../ports/store.ts';

/** How long rows are kept after they were written; what is not named here is kept for ever. */
export interface Retention {
  /** Windows of less than an hour, ms. */
  windowsMs: number;
  /** Hours, and windows of an hour and more but less than a day, ms. */
  hoursMs: number;
  /** Late data may revise a window for so long, ms: until then nothing that a window is made of goes. */
  horizonMs: number;
}

const DAY_MS = 86_400_000;
/** The engine counts seconds in 32 bits: for ever is as long as it can count from today. */
const FOR_EVER_DAYS = 20_000;
/** The ledger is also what a chunk that is still open is resumed from, and what a detector that was away catches up on. */
const LEAST_LEDGER_DAYS = 8;

/**
 * Gives the tables the retention that is configured, where they have another; resolves to the tables changed. The engine drops
 * a part once all its rows have expired, and parts hold rows of one day (or month, or year) of windows only.
 */
export async function applyRetention(store: Store, retention: Retention): Promise<string[]> {
  const wanted = expressions(retention);
  const tables = await store.query<{ name: string; comment: string }>(
    'SELECT name, comment FROM system.tables WHERE database = currentDatabase() AND name IN {names:Array(String)} ORDER BY name',
    { names: [...wanted.keys()] },
  );
  const changed = tables.filter(({ name, comment }) => comment !== `TTL ${wanted.get(name)}`);
  for (const { name } of changed) {
    const ttl = wanted.get(name)!;
    await store.command(`ALTER TABLE ${name} MODIFY TTL ${ttl}`);
    // Last: it says that the rest is done.
    await store.command(`ALTER TABLE ${name} MODIFY COMMENT 'TTL ${ttl}'`);
  }
  return changed.map(({ name }) => name);
}

function expressions({ windowsMs, hoursMs, horizonMs }: Retention): Map<string, string> {
  const least = Math.ceil(horizonMs / DAY_MS) + 1;
  const days = (ms: number): number => Math.min(FOR_EVER_DAYS, Math.max(least, Math.ceil(ms / DAY_MS)));
  const byLength = `multiIf(window_end < window_start + toIntervalHour(1), ${days(windowsMs)},
    window_end < window_start + toIntervalHour(23), ${days(hoursMs)}, ${FOR_EVER_DAYS})`.replace(/\s+/g, ' ');
  const length = 'toUnixTimestamp64Milli(window_end) - toUnixTimestamp64Milli(window_start)';
  const ledger = `toIntervalDay(${Math.max(LEAST_LEDGER_DAYS, least)}) + toIntervalSecond(intDiv(${length}, 1000))`;
  return new Map([
    ['window_rows', `ingested_at + toIntervalDay(${byLength})`],
    ['score_window_rows', `toDateTime(computed_at) + toIntervalDay(${byLength})`],
    ['hour_rows', `ingested_at + toIntervalDay(${days(hoursMs)})`],
    ['score_hour_rows', `toDateTime(computed_at) + toIntervalDay(${days(hoursMs)})`],
    ['chunk_rows', `ingested_at + ${ledger}`],
  ]);
}

import { setTimeout as sleep } from 'node:timers/promises';
import type { Store } from '../../lib/ports/store.ts';
import { incidentsBehind } from '../../lib/tables/incidents.ts';

const POLL_MS = 250;

/** What is still on its way between the log and PagerDuty. */
interface Outstanding {
  /** Windows with ledger rows that are not sealed. */
  windows: number;
  /** Incidents whose row does not tell yet what their alerts say. */
  alerts: number;
  /** Notices written but neither sent nor parked. */
  deliveries: number;
}

/** Everything that the store shows as unfinished once the input has been read to its end. */
async function outstanding(store: Store): Promise<Outstanding> {
  const [row] = await store.query<{ windows: number; deliveries: number }>(`SELECT
    (SELECT count() FROM (
       SELECT DISTINCT model, version, role, window_start FROM chunk_rows WHERE feature = '' AND segment = '') AS ledger
     LEFT ANTI JOIN (
       SELECT model, version, role, window_start FROM window_rows WHERE feature = '' AND segment = '') AS sealed
     USING (model, version, role, window_start)) AS windows,
    (SELECT count() FROM delivery_rows FINAL WHERE state = 'pending') AS deliveries`);
  const behind = await incidentsBehind(store);
  return { windows: row?.windows ?? 0, alerts: behind.length, deliveries: row?.deliveries ?? 0 };
}

/**
 * Waits until `inputRead` says the aggregator has everything and two looks in a row find nothing outstanding. Throws
 * with what is missing when `timeoutMs` passes without any of it moving.
 */
export async function waitUntilSettled(
  store: Store,
  inputRead: () => Promise<boolean>,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<void> {
  let quiet = 0;
  let previous = '';
  let movedAt = Date.now();
  while (quiet < 2) {
    const read = await inputRead();
    const left = await outstanding(store);
    quiet = read && left.windows + left.alerts + left.deliveries === 0 ? quiet + 1 : 0;
    const now = JSON.stringify([read, left]);
    if (now !== previous) movedAt = Date.now();
    previous = now;
    if (Date.now() - movedAt > timeoutMs)
      throw new Error(`the demo is stuck: nothing has moved for ${timeoutMs / 1000} s; outstanding: ${now}`);
    if (quiet < 2) await sleep(POLL_MS, undefined, { signal });
  }
}

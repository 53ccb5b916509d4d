import type { Store } from '../ports/store.ts';
import { sqlTime } from './time.ts';

export interface LossSummary {
  reason: string;
  /** A lower bound where the log no longer has them. */
  events: number;
  partitions: number;
}

/** Events left out, by reason, among the losses declared or grown since `since` (ms). */
export function recentLosses(store: Store, since: number): Promise<LossSummary[]> {
  return store.query<LossSummary>(
    `SELECT reason, sum(loss.events) AS events, uniqExact(topic, incarnation, partition) AS partitions
     FROM loss_rows AS loss FINAL WHERE written_at >= {since:DateTime64(3, 'UTC')} AND loss.events > 0
     GROUP BY reason ORDER BY events DESC`,
    { since: sqlTime(since) },
  );
}

export interface DeliverySummary {
  channel: string;
  state: 'pending' | 'parked';
  notices: number;
  /** When the longest waiting was last touched, ms. */
  oldestMs: number;
}

/** Notices not delivered, by channel and state: those still pending, and those parked since `since` (ms). */
export function deliveriesByState(store: Store, since: number): Promise<DeliverySummary[]> {
  return store.query<DeliverySummary>(
    `SELECT channel, state, count() AS notices, toUnixTimestamp64Milli(min(written_at)) AS oldestMs
     FROM delivery_rows FINAL
     WHERE state = 'pending' OR (state = 'parked' AND written_at >= {since:DateTime64(3, 'UTC')})
     GROUP BY channel, state ORDER BY channel, state`,
    { since: sqlTime(since) },
  );
}

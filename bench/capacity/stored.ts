import type { Demand } from './model.ts';

/**
 * Bytes on the disk of a row, its parts merged, as `npm run bench stored` told on 21 November 2026: 20 features, 60,000
 * events a one-minute window; of hours and days 600,000. With more events a sketch has fewer knots, not more.
 */
const ROW_BYTES = {
  window: 4302,
  segmentWindow: 50,
  score: 33,
  segmentScore: 16,
  period: 4111,
  segmentPeriod: 79,
  periodScore: 117,
  segmentPeriodScore: 33,
  ledger: 6251,
  segmentLedger: 57,
} as const;
/** Rows of scores a tested column has: psi or chi2, ks, missing_rate, unseen_rate. */
const METRICS = 3;
const WINDOWS_A_DAY = 1440;
/** Hours and the day. */
const PERIODS_A_DAY = 25;

/** Bytes a day that stay of one-minute windows, their scores and their hours and days; neither ledger nor raw log. */
export function stays({ columns, segments, models }: Demand): number {
  const rows = columns + 1;
  const tested = columns * METRICS;
  const bytes = ROW_BYTES;
  const window =
    rows * bytes.window + tested * bytes.score + segments * (rows * bytes.segmentWindow + tested * bytes.segmentScore);
  const period =
    rows * bytes.period +
    tested * bytes.periodScore +
    segments * (rows * bytes.segmentPeriod + tested * bytes.segmentPeriodScore);
  return models * (WINDOWS_A_DAY * window + PERIODS_A_DAY * period);
}

/** Bytes of the ledger a day: a row a column, window, partition and chunk that has events of it. */
export function ledger({ columns, segments, models, rate }: Demand, partitions: number, chunk = 65_536): number {
  const chunks = partitions + (rate * 60) / chunk;
  const rows = columns + 1;
  return models * WINDOWS_A_DAY * chunks * rows * (ROW_BYTES.ledger + segments * ROW_BYTES.segmentLedger);
}

import { createHash } from 'node:crypto';
import { segmentName } from '../core/detection/merge.ts';
import type { GridLookup, SealedWindow } from '../core/detection/types.ts';
import { periodOf } from '../core/windows/periods.ts';
import type { TimeWindow } from '../core/windows/types.ts';

/** Columns that say which hour and which day a window belongs to. */
export const PERIOD_TIMES = ['hour_start', 'hour_end', 'day_start', 'day_end'] as const;
export type PeriodTimes = Readonly<Record<(typeof PERIOD_TIMES)[number], number>>;

/** Their values, ms; equal start and end where the window is longer. */
export function periodTimes(window: TimeWindow, timezone: string): PeriodTimes {
  const [hour, day] = [periodOf(window, 'hour', timezone), periodOf(window, 'day', timezone)];
  return {
    hour_start: hour?.start ?? 0,
    hour_end: hour?.end ?? 0,
    day_start: day?.start ?? 0,
    day_end: day?.end ?? 0,
  };
}

const HASHES = new Map<string, string>();
/** Grids met; far more than there are columns in force at once. */
const MAX_HASHES = 100_000;

/** Names the grid that a segment's column is counted on: equal for equal grids, '' where it has none. */
export function gridId(window: SealedWindow, feature: string, segment: string, gridOf: GridLookup): string {
  const [specId] = window.specIds;
  if (feature === '' || segment === '' || specId === undefined) return '';
  const key = gridOf(specId, feature, segmentName(segment));
  if (key === null) return '';
  const known = HASHES.get(key);
  if (known !== undefined) return known;
  if (HASHES.size >= MAX_HASHES) HASHES.clear();
  const hash = createHash('sha256').update(key).digest('hex').slice(0, 16);
  HASHES.set(key, hash);
  return hash;
}

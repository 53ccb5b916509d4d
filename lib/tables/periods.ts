import { createHash } from 'node:crypto';
import { segmentName } from '../core/detection/merge.ts';
import type { GridLookup, SealedWindow } from '../core/detection/types.ts';
import { periodOf } from '../core/windows/periods.ts';
import type { TimeWindow } from '../core/windows/types.ts';
import type { Row } from '../ports/store.ts';
import { sqlTime } from './time.ts';

/** Columns that say which hour and which day a window belongs to; equal start and end where it is longer. */
export function periodBounds(window: TimeWindow, timezone: string): Row {
  const [hour, day] = [periodOf(window, 'hour', timezone), periodOf(window, 'day', timezone)];
  return {
    hour_start: sqlTime(hour?.start ?? 0),
    hour_end: sqlTime(hour?.end ?? 0),
    day_start: sqlTime(day?.start ?? 0),
    day_end: sqlTime(day?.end ?? 0),
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

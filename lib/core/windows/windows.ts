import { localDay, startOfLocalDay } from './timezone.ts';
import type { TimeWindow, WindowSpec } from './types.ts';

export { validateTimezone } from './timezone.ts';

const DAY_MS = 86_400_000;
/** 1970-01-05, a Monday, in days since the epoch: where windows of several days are counted from. */
const FIRST_MONDAY = 4;

/** Windows remembered for each zone and length: events come in time order, mostly, from several partitions. */
const REMEMBERED = 4;
const lastFound = new Map<string, Map<number, TimeWindow[]>>();

/**
 * The window [start, end) that contains a timestamp (ms). Windows of one spec do not overlap and leave no gap.
 * - Whole days: begin at local midnight, several days counted from Monday 1970-01-05 local (7d: weeks from Monday). With
 *   daylight saving a day has 23 or 25 hours.
 * - Lengths that divide a day: counted in elapsed time from local midnight; the last one of a 23- or 25-hour day is
 *   cut off at the next midnight.
 * - Any other length: counted from the epoch in UTC, whatever the zone.
 * Pure: the cache only repeats what would be computed. Throws RangeError for an unknown zone or a length that is not a
 * positive whole number of ms.
 */
export function windowOf(timestamp: number, spec: WindowSpec): TimeWindow {
  const { lengthMs, timezone } = spec;
  if (!(lengthMs > 0 && Number.isInteger(lengthMs))) {
    throw new RangeError(`window length must be a positive whole number of ms, not ${lengthMs}`);
  }
  if (timezone === 'UTC' || !followsDays(lengthMs)) return inUtc(timestamp, lengthMs);
  const cached = lastFound
    .get(timezone)
    ?.get(lengthMs)
    ?.find((w) => timestamp >= w.start && timestamp < w.end);
  if (cached !== undefined) return { ...cached };
  const found =
    lengthMs % DAY_MS === 0 ? ofDays(timestamp, lengthMs, timezone) : withinDay(timestamp, lengthMs, timezone);
  remember(timezone, lengthMs, found);
  return { ...found };
}

function followsDays(lengthMs: number): boolean {
  return lengthMs % DAY_MS === 0 || DAY_MS % lengthMs === 0;
}

function inUtc(timestamp: number, lengthMs: number): TimeWindow {
  const origin = lengthMs % DAY_MS === 0 ? FIRST_MONDAY * DAY_MS : 0;
  const start = Math.floor((timestamp - origin) / lengthMs) * lengthMs + origin;
  return { start, end: start + lengthMs };
}

function ofDays(timestamp: number, lengthMs: number, timezone: string): TimeWindow {
  const days = lengthMs / DAY_MS;
  const day = localDay(timestamp, timezone);
  const first = Math.floor((day - FIRST_MONDAY) / days) * days + FIRST_MONDAY;
  return { start: startOfLocalDay(first, timezone), end: startOfLocalDay(first + days, timezone) };
}

function withinDay(timestamp: number, lengthMs: number, timezone: string): TimeWindow {
  const day = localDay(timestamp, timezone);
  const midnight = startOfLocalDay(day, timezone);
  const start = midnight + Math.floor((timestamp - midnight) / lengthMs) * lengthMs;
  return { start, end: Math.min(start + lengthMs, startOfLocalDay(day + 1, timezone)) };
}

function remember(timezone: string, lengthMs: number, window: TimeWindow): void {
  let lengths = lastFound.get(timezone);
  if (lengths === undefined) {
    lengths = new Map();
    lastFound.set(timezone, lengths);
  }
  lengths.set(lengthMs, [window, ...(lengths.get(lengthMs) ?? []).slice(0, REMEMBERED - 1)]);
}

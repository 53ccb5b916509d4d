import type { TimeWindow } from './types.ts';
import { windowOf } from './windows.ts';

/** Lengths that windows are rolled up to. */
export type Resolution = 'hour' | 'day';

export const PERIOD_MS: Readonly<Record<Resolution, number>> = { hour: 3_600_000, day: 86_400_000 };

/**
 * The hour or day that a window belongs to: the one its start lies in, cut as windows of that length are (days from local
 * midnight, 23 or 25 hours long where clocks change). null where the window is longer than that. So every window belongs to
 * one hour at most and to one day at most, and an hour lies within one day.
 */
export function periodOf(window: TimeWindow, resolution: Resolution, timezone: string): TimeWindow | null {
  const period = windowOf(window.start, { lengthMs: PERIOD_MS[resolution], timezone });
  return window.end - window.start > period.end - period.start ? null : period;
}

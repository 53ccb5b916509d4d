import type { WindowSpec } from '../windows/types.ts';
import { windowOf } from '../windows/windows.ts';

/** Fewest rows for a stretch of the reference to say something about its spread. */
const MIN_ROWS = 200;
/** Rows of a stretch where the reference has no timestamps. */
const ROWS_WITHOUT_TIME = 1000;

/**
 * Cuts a reference into the windows it would have been: by time where it has timestamps, else into stretches of
 * 1,000 rows in a fixed pseudo-random order (without times, the file's order means nothing and its rows count as
 * exchangeable). Returns row numbers; windows under 200 rows are left out.
 */
export function pseudoWindows(rows: number, timestamps: readonly number[] | null, spec: WindowSpec): number[][] {
  const windows = timestamps === null ? shuffledStretches(rows) : byTime(timestamps, spec);
  return windows.filter((window) => window.length >= MIN_ROWS);
}

function byTime(timestamps: readonly number[], spec: WindowSpec): number[][] {
  const windows = new Map<number, number[]>();
  timestamps.forEach((time, row) => {
    const start = windowOf(time, spec).start;
    const window = windows.get(start);
    if (window === undefined) windows.set(start, [row]);
    else window.push(row);
  });
  return [...windows.entries()].sort(([a], [b]) => a - b).map(([, window]) => window);
}

function shuffledStretches(rows: number): number[][] {
  const order = Array.from({ length: rows }, (_, row) => row).sort((a, b) => mix(a) - mix(b) || a - b);
  const windows: number[][] = [];
  for (let start = 0; start < rows; start += ROWS_WITHOUT_TIME)
    windows.push(order.slice(start, start + ROWS_WITHOUT_TIME));
  return windows;
}

/** 32-bit finalizer of MurmurHash3: a fixed permutation of row numbers. */
export function mix(value: number): number {
  let h = value >>> 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

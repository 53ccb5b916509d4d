import { chiSquaredSurvival } from './special.ts';

/** Expected count under which a cell is pooled: Cochran's "none below 1". His 5 would hide a new category in a small window. */
const MIN_EXPECTED = 1;
/** Sample size under which nothing is tested. */
const MIN_SAMPLE = 5;

/** Outcome of a two-sample contingency test. */
export interface Contingency {
  chiSquared: number;
  pValue: number;
  degrees: number;
}

/**
 * Pearson's χ² on a 2 × k table, as scipy's chi2_contingency: with Yates' correction when one degree of freedom is left.
 * Cells empty on both sides do not count. One cell, or one empty row: χ² 0, p 1.
 */
export function contingency(a: ArrayLike<number>, b: ArrayLike<number>): Contingency {
  const n = total(a);
  const m = total(b);
  let degrees = -1;
  for (let i = 0; i < a.length; i++) if (a[i]! + b[i]! > 0) degrees++;
  if (n === 0 || m === 0 || degrees < 1) return { chiSquared: 0, pValue: 1, degrees: 0 };
  let chiSquared = 0;
  for (let i = 0; i < a.length; i++) {
    const both = a[i]! + b[i]!;
    if (both === 0) continue;
    chiSquared += cell(a[i]!, (both * n) / (n + m), degrees) + cell(b[i]!, (both * m) / (n + m), degrees);
  }
  return { chiSquared, degrees, pValue: chiSquaredSurvival(chiSquared, degrees) };
}

function cell(observed: number, expected: number, degrees: number): number {
  const off = Math.abs(observed - expected);
  const corrected = degrees === 1 ? off - Math.min(0.5, off) : off;
  return (corrected * corrected) / expected;
}

/**
 * The small-count guard: cells whose expected count in the smaller sample is under 1 are pooled into one, and that one, if
 * still under 1, into the smallest cell left. So one unseen row in 20,001 proves nothing. null when a sample has fewer than 5.
 */
export function poolSmallCells(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
): [ArrayLike<number>, ArrayLike<number>] | null {
  const n = total(a);
  const m = total(b);
  if (Math.min(n, m) < MIN_SAMPLE) return null;
  const least = (MIN_EXPECTED * (n + m)) / Math.min(n, m);
  for (let i = 0; i < a.length; i++) if (isSmall(a[i]! + b[i]!, least)) return pooled(a, b, least);
  return [a, b];
}

function isSmall(both: number, least: number): boolean {
  return both > 0 && both < least;
}

function pooled(a: ArrayLike<number>, b: ArrayLike<number>, least: number): [number[], number[]] {
  const cells: [number, number][] = [];
  const rare: [number, number] = [0, 0];
  for (let i = 0; i < a.length; i++) {
    if (isSmall(a[i]! + b[i]!, least)) addCell(rare, a[i]!, b[i]!);
    else if (a[i]! + b[i]! > 0) cells.push([a[i]!, b[i]!]);
  }
  if (rare[0] + rare[1] >= least || cells.length === 0) cells.push(rare);
  else addCell(smallest(cells), rare[0], rare[1]);
  return [cells.map((c) => c[0]), cells.map((c) => c[1])];
}

/** Two-sided p-value for two proportions: the 2 × 2 contingency test with Yates' correction. Compares a of n with b of m. */
export function twoProportions(a: number, n: number, b: number, m: number): number {
  return contingency([a, n - a], [b, m - b]).pValue;
}

/** Sum of an array. */
export function total(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]!;
  return sum;
}

function addCell(cell: [number, number], a: number, b: number): void {
  cell[0] += a;
  cell[1] += b;
}

function smallest(cells: [number, number][]): [number, number] {
  return cells.reduce((least, c) => (c[0] + c[1] < least[0] + least[1] ? c : least));
}

import { compress, fractionBetween, type Steps } from './knots.ts';
import { addExactParts } from './merge-exact.ts';
import { type Moments, mergeMoments, momentsOf } from './moments.ts';
import { scratch, sortNumbers } from './sort.ts';
import type { NumericDistribution } from './types.ts';

/**
 * How far a CDF may stray from its input in one compression, as a share. A sealed window may have gone through three: folds of
 * its chunks' values, the chunks' rows, and their one merge. Together 0.001, the design's bound.
 */
const WINDOW_TOLERANCE = 0.0003;
/** Folds have few values each, so a knot more or less counts; the errors of several do not add up but cancel. */
export const FOLD_TOLERANCE = 0.0004;
/** Of a baseline: made once and compared with everything, so it takes little of the error budget. */
export const BASELINE_TOLERANCE = 0.0002;
/** Of hours and days, each beside the error of what it is merged from. */
export const PERIOD_TOLERANCE = 0.0001;

/** Interpolated counts are rounded to this part of an observation: their sums are then exact, in whatever order. */
const COUNT_GRAIN = 256;

/** A chunk's values; the ranks of a larger sample are not held on to. */
const MOST_RANKS_KEPT = 1 << 16;

/** Up to so many parts reading each at every step is as fast. */
const FEW = 4;

/** The distribution of no values. */
export function emptyNumeric(): NumericDistribution {
  return {
    n: 0,
    min: 0,
    max: 0,
    mean: 0,
    m2: 0,
    values: new Float64Array(0),
    below: new Float64Array(0),
    atOrBelow: new Float64Array(0),
  };
}

/**
 * Sketches the first `length` of `values`; NaN and infinities are left out (the caller counts them). The input is not
 * changed. The same values in any order give the same bytes; −0 is 0. Exact up to 1,024 distinct values, otherwise
 * within the tolerance of the exact ECDF everywhere (see docs/statistics.md).
 */
export function sketchNumeric(
  values: Float64Array,
  length: number,
  tolerance: number = WINDOW_TOLERANCE,
): NumericDistribution {
  return sketchFinite(finite(values, length), tolerance);
}

/** The same for finite values without −0, which are left in any order: nobody needs them any more. */
export function sketchFinite(values: Float64Array, tolerance: number): NumericDistribution {
  if (values.length === 0) return emptyNumeric();
  const sorted = sortNumbers(values, scratch(1, values.length));
  return distribution(momentsOf(sorted), compress(stepsOf(sorted), true, tolerance));
}

/**
 * The mixture of the parts' CDFs: evaluated at the union of their knots, where it is exact given the parts, then
 * compressed once. Order of the parts does not matter. Exact when all parts are exact and the distinct values fit;
 * otherwise within the parts' greatest error plus one tolerance. So merge all chunks at once rather than in a chain.
 */
export function mergeNumeric(
  parts: readonly NumericDistribution[],
  tolerance: number = WINDOW_TOLERANCE,
): NumericDistribution {
  const filled = parts.filter((part) => part.n > 0);
  if (filled.length === 0) return emptyNumeric();
  if (filled.length === 1) return filled[0]!;
  const steps = emptySteps(unionOfKnots(filled));
  const exact = filled.every(isExact);
  if (exact && filled.length > FEW && filled.every(({ below }) => below[0] === 0)) addExactParts(steps, filled);
  else for (const part of filled) addPart(steps, part);
  return distribution(mergeMoments(filled), compress(steps, exact, tolerance));
}

/** Whether every distinct value is a knot, so that nothing lies between two of them. */
export function isExact(d: NumericDistribution): boolean {
  for (let i = 1; i < d.values.length; i++) if (d.below[i] !== d.atOrBelow[i - 1]) return false;
  return true;
}

/** Observations < x; interpolated between knots. */
export function cdfBelow(d: NumericDistribution, x: number): number {
  const i = firstAtLeast(d.values, x);
  return d.values[i] === x ? d.below[i]! : countInGap(d, i, x);
}

/** Observations ≤ x; interpolated between knots. */
export function cdfAtOrBelow(d: NumericDistribution, x: number): number {
  const i = firstAtLeast(d.values, x);
  return d.values[i] === x ? d.atOrBelow[i]! : countInGap(d, i, x);
}

/** Sample standard deviation (n − 1); 0 below two observations. */
export function standardDeviation(d: NumericDistribution): number {
  return d.n > 1 ? Math.sqrt(d.m2 / (d.n - 1)) : 0;
}

/** Index of the first element ≥ x in an ascending array; its length when there is none. */
export function firstAtLeast(ascending: ArrayLike<number>, x: number): number {
  let low = 0;
  let high = ascending.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ascending[middle]! < x) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The count at x, which lies strictly between knots i − 1 and i (or outside them all); interpolated. */
function countInGap(d: NumericDistribution, i: number, x: number): number {
  if (i === 0) return 0;
  if (i === d.values.length) return d.n;
  const from = d.atOrBelow[i - 1]!;
  const mass = d.below[i]! - from;
  return mass === 0 ? from : from + mass * fractionBetween(x, d.values[i - 1]!, d.values[i]!);
}

/** A view of scratch memory: good until the next sketch. */
function finite(values: Float64Array, length: number): Float64Array {
  const kept = scratch(0, length);
  let n = 0;
  for (let i = 0; i < length; i++) {
    const v = values[i]! + 0; // −0 + 0 is 0
    if (v - v === 0) kept[n++] = v;
  }
  return kept.subarray(0, n);
}

/** The exact ECDF, in memory that is good until the next sketch. */
function stepsOf(sorted: Float64Array): Steps {
  const n = sorted.length;
  if (hasTies(sorted)) return stepsOfTied(sorted);
  const ranks = ranksUpTo(n);
  return { size: n, values: sorted, below: ranks.subarray(0, n), atOrBelow: ranks.subarray(1, n + 1) };
}

function hasTies(sorted: Float64Array): boolean {
  for (let i = 1; i < sorted.length; i++) if (sorted[i] === sorted[i - 1]) return true;
  return false;
}

function stepsOfTied(sorted: Float64Array): Steps {
  const n = sorted.length;
  const values = scratch(2, n);
  const below = scratch(3, n);
  const atOrBelow = scratch(4, n);
  let size = 0;
  for (let start = 0, end = 0; start < n; start = end) {
    const value = sorted[start]!;
    do end++;
    while (end < n && sorted[end] === value);
    values[size] = value;
    below[size] = start;
    atOrBelow[size++] = end;
  }
  return { size, values, below, atOrBelow };
}

/** 0 to n: what is below each of n different values. */
let ranks = new Float64Array(0);

function ranksUpTo(n: number): Float64Array {
  if (ranks.length > n) return ranks;
  const made = Float64Array.from({ length: n + 1 }, (_, rank) => rank);
  if (n <= MOST_RANKS_KEPT) ranks = made;
  return made;
}

function emptySteps(values: Float64Array): Steps {
  const size = values.length;
  return { size, values, below: new Float64Array(size), atOrBelow: new Float64Array(size) };
}

function unionOfKnots(parts: readonly NumericDistribution[]): Float64Array {
  const size = parts.reduce((sum, part) => sum + part.values.length, 0);
  const all = scratch(0, size);
  let filled = 0;
  for (const part of parts) {
    all.set(part.values, filled);
    filled += part.values.length;
  }
  const sorted = sortNumbers(all, scratch(1, size));
  let distinct = 0;
  for (let i = 0; i < size; i++) {
    const value = sorted[i]!;
    if (i === 0 || value !== sorted[distinct - 1]) sorted[distinct++] = value;
  }
  return sorted.slice(0, distinct);
}

/** Adds a part's counts at every step; steps between two of its knots are interpolated. */
function addPart(steps: Steps, part: NumericDistribution): void {
  const { values, below, atOrBelow } = part;
  const { values: at, below: sumBelow, atOrBelow: sumUpTo, size } = steps;
  const knots = values.length;
  let u = 0;
  while (at[u]! < values[0]!) u++;
  for (let i = 0; i < knots; i++) {
    if (i > 0) u = addGap(steps, part, i, u);
    sumBelow[u]! += below[i]!;
    sumUpTo[u]! += atOrBelow[i]!;
    u++;
  }
  for (; u < size; u++) {
    sumBelow[u]! += part.n;
    sumUpTo[u]! += part.n;
  }
}

/** Adds the counts of steps from `u` up to knot `i`; returns that knot's step. */
function addGap(steps: Steps, part: NumericDistribution, i: number, u: number): number {
  const { values: at, below: sumBelow, atOrBelow: sumUpTo } = steps;
  const start = part.values[i - 1]!;
  const end = part.values[i]!;
  const from = part.atOrBelow[i - 1]!;
  const mass = part.below[i]! - from;
  const slope = mass === 0 ? 0 : mass / (end - start);
  const isPlain = slope < Infinity && end - start < Infinity;
  for (; at[u]! < end; u++) {
    const x = at[u]!;
    const inside = isPlain ? (x - start) * slope : mass * fractionBetween(x, start, end);
    const count = from + Math.round(inside * COUNT_GRAIN) / COUNT_GRAIN;
    sumBelow[u]! += count;
    sumUpTo[u]! += count;
  }
  return u;
}

function distribution(moments: Moments, knots: Steps): NumericDistribution {
  const { values, below, atOrBelow, size } = knots;
  const { n, mean, m2 } = moments;
  return { n, min: values[0]!, max: values[size - 1]!, mean, m2, values, below, atOrBelow };
}

import type { NumericDistribution } from './types.ts';

/**
 * The q-quantile by numpy's linear rule (Hyndman and Fan's type 7): exact where the sketch is, otherwise the order
 * statistics between two knots stand evenly spaced. NaN for no observations.
 */
export function quantile(d: NumericDistribution, q: number): number {
  return linearRule(d.n, q, (k) => orderStatistic(d, k));
}

/** The same of sorted values. */
export function quantileOfSorted(sorted: ArrayLike<number>, q: number): number {
  return linearRule(sorted.length, q, (k) => sorted[k]!);
}

/** numpy's interpolation, in its order of operations, so that edges agree to the last bit. */
function linearRule(n: number, q: number, at: (k: number) => number): number {
  if (n === 0) return Number.NaN;
  const position = onGrid((n - 1) * Math.min(1, Math.max(0, q)));
  const k = Math.floor(position);
  const t = position - k;
  const a = at(k);
  if (t === 0) return a;
  const b = at(k + 1);
  return t < 0.5 ? a + (b - a) * t : b - (b - a) * (1 - t);
}

/** 7.000000000000001 is 7: a rank is not between two observations because of how 0.7 is written. */
function onGrid(position: number): number {
  const nearest = Math.round(position);
  return Math.abs(position - nearest) <= 4 * Number.EPSILON * nearest ? nearest : position;
}

/** The k-th smallest observation, k from 0. */
function orderStatistic(d: NumericDistribution, k: number): number {
  let low = 0;
  let high = d.values.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (d.atOrBelow[middle]! > k) high = middle;
    else low = middle + 1;
  }
  if (low === 0 || d.below[low]! <= k) return d.values[low]!;
  return withinGap(d, low, k);
}

function withinGap(d: NumericDistribution, i: number, k: number): number {
  const from = d.atOrBelow[i - 1]!;
  const share = Math.min(1, (k - from + 1) / (d.below[i]! - from + 1));
  const a = d.values[i - 1]!;
  const b = d.values[i]!;
  return b - a < Infinity ? a + (b - a) * share : a * (1 - share) + b * share;
}

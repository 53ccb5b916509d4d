import { cdfAtOrBelow, cdfBelow, mergeNumeric, sketchNumeric } from '../../../lib/core/sketch/numeric.ts';
import type { NumericDistribution } from '../../../lib/core/sketch/types.ts';

/** sup|F−G| between a sketch and the exact ECDF of the values: read at every value from both sides. */
export function errorOf(sketch: NumericDistribution, values: Float64Array): number {
  const sorted = values.slice().sort();
  const n = sorted.length;
  let worst = Math.abs(sketch.n - n) / n;
  for (let start = 0, end = 0; start < n; start = end) {
    while (end < n && sorted[end] === sorted[start]) end++;
    const left = Math.abs(cdfBelow(sketch, sorted[start]!) / sketch.n - start / n);
    const right = Math.abs(cdfAtOrBelow(sketch, sorted[start]!) / sketch.n - end / n);
    worst = Math.max(worst, left, right);
  }
  return worst;
}

/** Exact two-sample KS distance. */
export function exactKs(a: Float64Array, b: Float64Array): number {
  const x = a.slice().sort();
  const y = b.slice().sort();
  let worst = 0;
  for (let i = 0, j = 0; i < x.length && j < y.length; ) {
    const v = Math.min(x[i]!, y[j]!);
    while (i < x.length && x[i]! <= v) i++;
    while (j < y.length && y[j]! <= v) j++;
    worst = Math.max(worst, Math.abs(i / x.length - j / y.length));
  }
  return worst;
}

/** What sealing does: consecutive shares of the values sketched as chunks, merged at once. */
export function sealed(values: Float64Array, chunks: number): NumericDistribution {
  const size = Math.ceil(values.length / chunks);
  const parts: NumericDistribution[] = [];
  for (let from = 0; from < values.length; from += size) {
    const share = values.subarray(from, Math.min(values.length, from + size));
    parts.push(sketchNumeric(share, share.length));
  }
  return mergeNumeric(parts);
}

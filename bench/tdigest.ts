import { TDigest } from 'tdigest';

/** The package's own defaults, one value at a time as a stream brings them, then compressed as for storing. */
export function digestOf(values: Float64Array): TDigest {
  const digest = new TDigest();
  for (const value of values) digest.push(value);
  digest.compress();
  return digest;
}

/**
 * Largest distance between a rank function and the exact mid-rank (share below plus half the share equal) over all values.
 * Mid-ranks are all that p_rank tells, so the steps at repeated values, which KS needs from both sides, are not judged.
 */
export function midRankError(values: Float64Array, rank: (x: number) => number): number {
  const sorted = values.slice().sort();
  const n = sorted.length;
  let worst = 0;
  for (let start = 0, end = 0; start < n; start = end) {
    while (end < n && sorted[end] === sorted[start]) end++;
    worst = Math.max(worst, Math.abs(rank(sorted[start]!) - (start + end) / (2 * n)));
  }
  return worst;
}

/** Median, 95th, 99th percentile and greatest of the times a bench took, as text. Exact while they are few. */
export function percentilesOf(milliseconds: readonly number[]): string {
  const digest = new TDigest(milliseconds.length <= 10_000 ? false : 0.01);
  digest.push([...milliseconds]);
  const at = (p: number) => digest.percentile(p)!.toFixed(1);
  return `${at(0.5)} ms median, ${at(0.95)} ms 95 %, ${at(0.99)} ms 99 %, ${at(1)} ms greatest`;
}

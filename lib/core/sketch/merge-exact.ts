import type { Steps } from './knots.ts';
import type { NumericDistribution } from './types.ts';

/**
 * Sums the counts of exact parts into `steps`, whose values are all of theirs and whose counts are zeros. What
 * interpolating every part at every step comes to, bit for bit: between two knots of an exact part nothing lies. The cost grows
 * with the knots, and not with their product with the number of parts.
 */
export function addExactParts(steps: Steps, parts: readonly NumericDistribution[]): void {
  const { values, below, atOrBelow, size } = steps;
  for (const part of parts) {
    for (let i = 0, u = 0; i < part.values.length; i++) {
      u = indexFrom(values, u, part.values[i]!);
      atOrBelow[u]! += part.atOrBelow[i]! - part.below[i]!;
    }
  }
  let sum = 0;
  for (let u = 0; u < size; u++) {
    below[u] = sum;
    sum += atOrBelow[u]!;
    atOrBelow[u] = sum;
  }
}

/** Index of `x`, which is in the ascending `values` at `from` or later, and mostly not far. */
function indexFrom(values: Float64Array, from: number, x: number): number {
  let low = from;
  let stride = 1;
  while (low + stride < values.length && values[low + stride]! <= x) {
    low += stride;
    stride *= 2;
  }
  for (let step = stride >> 1; step > 0; step >>= 1) {
    if (low + step < values.length && values[low + step]! <= x) low += step;
  }
  return low;
}

/** Ranges as small as this are left to the caller's insertion sort. */
export const SMALL = 32;
/** What is still crowded after so many splittings goes to the engine's sort: values over hundreds of magnitudes. */
const DEEPEST = 4;
const MOST_BUCKETS = 8192;

/** Where each bucket begins and, once it is filled, ends: one array for each depth, as a bucket is split while others wait. */
const ends = Array.from({ length: DEEPEST }, () => new Uint32Array(MOST_BUCKETS));

/**
 * Splits `from` by value into buckets of equal width, and crowded ones again, so that `to` is sorted but for groups of up to
 * 32 neighbours. `from` is left in any order. O(n) where values are spread in a few scales, whatever bits they share.
 */
export function splitSort(from: Float64Array, to: Float64Array): void {
  split(from, to, 0, from.length, 0);
}

function split(from: Float64Array, to: Float64Array, start: number, end: number, depth: number): void {
  const [least, greatest] = extremes(from, start, end);
  const buckets = bucketsFor(end - start);
  const perValue = (buckets - 1) / (greatest - least);
  if (depth === DEEPEST || !(perValue > 0 && perValue < Infinity)) {
    if (least < greatest) from.subarray(start, end).sort();
    to.set(from.subarray(start, end), start);
    return;
  }
  const bounds = ends[depth]!;
  bounds.fill(0, 0, buckets);
  for (let i = start; i < end; i++) bounds[((from[i]! - least) * perValue) | 0]!++;
  const most = startsOf(bounds, buckets, start);
  for (let i = start; i < end; i++) to[bounds[((from[i]! - least) * perValue) | 0]!++] = from[i]!;
  if (most > SMALL) splitCrowded(from, to, start, buckets, depth);
}

function splitCrowded(from: Float64Array, to: Float64Array, first: number, buckets: number, depth: number): void {
  const bounds = ends[depth]!;
  let start = first;
  for (let bucket = 0; bucket < buckets; bucket++) {
    const end = bounds[bucket]!;
    if (end - start > SMALL) {
      split(to, from, start, end, depth + 1);
      to.set(from.subarray(start, end), start);
    }
    start = end;
  }
}

/** About as many buckets as values: a power of two. */
function bucketsFor(n: number): number {
  let buckets = SMALL;
  while (buckets < n && buckets < MOST_BUCKETS) buckets *= 2;
  return buckets;
}

/** Turns counts into first positions; returns the greatest count. */
function startsOf(counts: Uint32Array, buckets: number, first: number): number {
  let most = 0;
  let next = first;
  for (let bucket = 0; bucket < buckets; bucket++) {
    const count = counts[bucket]!;
    if (count > most) most = count;
    counts[bucket] = next;
    next += count;
  }
  return most;
}

function extremes(values: Float64Array, start: number, end: number): [number, number] {
  let least = values[start]!;
  let greatest = least;
  for (let i = start + 1; i < end; i++) {
    const value = values[i]!;
    if (value < least) least = value;
    else if (value > greatest) greatest = value;
  }
  return [least, greatest];
}

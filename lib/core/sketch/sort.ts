import { SMALL, splitSort } from './split-sort.ts';

/** Below this the engine's own sort is as fast. */
const RADIX_FROM = 1024;
/** Moves a value that mending may take after a radix sort, or else the column shares its high 32 bits; others take about one. */
const MENDING_BUDGET = 3;
const BUCKETS = 2048;
const SHIFTS = [0, 11, 22] as const;

/** Sorting needs no memory of its own from chunk to chunk; nothing outside this file and numeric.ts sees it. */
const buffers: Float64Array[] = [];
const histograms = SHIFTS.map(() => new Uint32Array(BUCKETS));

/** A chunk is 65,536 values; the memory of a much larger sample is not held on to (1 MB a slot at most). */
const MOST_KEPT = 1 << 17;

/** Scratch of exactly n numbers, by slot; the content is whatever the last user left. */
export function scratch(slot: number, n: number): Float64Array {
  let buffer = buffers[slot];
  if (buffer === undefined || buffer.length < n) {
    buffer = new Float64Array(Math.max(n, RADIX_FROM));
    if (n <= MOST_KEPT) buffers[slot] = buffer;
  }
  return buffer.subarray(0, n);
}

/**
 * Sorts ascending finite numbers without −0, in `values` or in `spare` of the same length; returns the one that holds them.
 * Radix sort on the high 32 bits of each double (three passes of 11), then insertion sort for those that share them; where that
 * are too many, as of a large offset, by splitting the range of values.
 */
export function sortNumbers(values: Float64Array, spare: Float64Array): Float64Array {
  if (values.length < RADIX_FROM) return values.sort();
  fillHistograms(values);
  let from = values;
  let to = spare;
  for (let pass = 0; pass < SHIFTS.length; pass++) {
    const offsets = histograms[pass]!;
    if (!startOffsets(offsets, values.length)) continue;
    scatter(from, to, offsets, SHIFTS[pass]!);
    [from, to] = [to, from];
  }
  if (mend(from, MENDING_BUDGET)) return from;
  splitSort(from, to);
  mend(to, SMALL);
  return to;
}

/** Where a double's high word is: 1 on little-endian machines. */
const HIGH = new Uint32Array(Float64Array.of(1).buffer)[1] === 0 ? 0 : 1;

function highWords(values: Float64Array): Uint32Array {
  return new Uint32Array(values.buffer, values.byteOffset, values.length * 2);
}

function fillHistograms(values: Float64Array): void {
  const [low, middle, high] = histograms as [Uint32Array, Uint32Array, Uint32Array];
  for (const histogram of histograms) histogram.fill(0);
  const words = highWords(values);
  for (let i = HIGH; i < words.length; i += 2) {
    const word = words[i]!;
    const key = word ^ ((word >> 31) | 0x80000000);
    low[key & 2047]!++;
    middle[(key >>> 11) & 2047]!++;
    high[key >>> 22]!++;
  }
}

/** Turns counts into first positions; false when all values share the bucket, so that the pass moves nothing. */
function startOffsets(counts: Uint32Array, n: number): boolean {
  let next = 0;
  for (let b = 0; b < BUCKETS; b++) {
    const count = counts[b]!;
    if (count === n) return false;
    counts[b] = next;
    next += count;
  }
  return true;
}

function scatter(from: Float64Array, to: Float64Array, offsets: Uint32Array, shift: number): void {
  const words = highWords(from);
  for (let i = 0; i < from.length; i++) {
    const word = words[2 * i + HIGH]!;
    const key = word ^ ((word >> 31) | 0x80000000);
    const bucket = (key >>> shift) & 2047;
    const position = offsets[bucket]!;
    offsets[bucket] = position + 1;
    to[position] = from[i]!;
  }
}

/** Insertion sort of what is nearly sorted; false when it gave up for having too much to move. */
function mend(values: Float64Array, movesPerValue: number): boolean {
  let budget = values.length * movesPerValue;
  for (let i = 1; i < values.length; i++) {
    const value = values[i]!;
    let j = i - 1;
    if (values[j]! <= value) continue;
    for (; j >= 0 && values[j]! > value; j--) values[j + 1] = values[j]!;
    values[j + 1] = value;
    budget -= i - j;
    if (budget < 0) return false;
  }
  return true;
}

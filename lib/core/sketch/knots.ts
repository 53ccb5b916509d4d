/** A cumulative count at distinct, ascending values: `size` steps, of which a sketch keeps some as its knots. */
export interface Steps {
  size: number;
  values: Float64Array;
  below: Float64Array;
  atOrBelow: Float64Array;
}

/** How many knots a sketch has, and how far it may stray from its input. */
export interface SketchOptions {
  /** Knots chosen by rank, before atoms and refinement. */
  knots?: number;
  /** Largest difference of the two CDFs that compression may add (a share, not a count). */
  tolerance?: number;
}

/** Up to this many distinct values every one is a knot: the sketch is exact. */
export const EXACT_DISTINCT = 1024;
/** A value holding at least this share of the observations is always a knot. */
const ATOM_SHARE = 1 / 1024;
/** Memory bound. Tolerance is kept up to here; no shape met in the tests needs half of it. */
export const MAX_KNOTS = 4096;
const DEFAULT_KNOTS = 256;
const DEFAULT_TOLERANCE = 0.0004;
/** In the tails the error is held to this share of the observations further out: a thinned-out bin keeps its ratio. */
const TAIL_SHARE = 0.02;

/** Where x lies between a and b, 0 to 1; safe for spans beyond the largest double. */
export function fractionBetween(x: number, a: number, b: number): number {
  const span = b - a;
  return span < Infinity ? (x - a) / span : (x / 2 - a / 2) / (b / 2 - a / 2);
}

/**
 * Chooses the steps that stay: the two ends, knots at ranks half uniform and half t-digest (k1) spaced, every atom, and
 * then, wherever linear interpolation would be off by more than the tolerance, the worst point, until none is. So the
 * compressed CDF is nowhere further than the tolerance from its input, whatever the shape. O(size).
 */
export function compress(steps: Steps, isExact: boolean, options: SketchOptions = {}): Steps {
  if (isExact && steps.size <= EXACT_DISTINCT) return cut(steps);
  const keep = new Uint8Array(steps.size);
  keep[0] = 1;
  keep[steps.size - 1] = 1;
  markRanks(steps, keep, options.knots ?? DEFAULT_KNOTS);
  markAtoms(steps, keep);
  refine(steps, keep, options.tolerance ?? DEFAULT_TOLERANCE);
  return gather(steps, keep);
}

function total(steps: Steps): number {
  return steps.atOrBelow[steps.size - 1]!;
}

function markRanks(steps: Steps, keep: Uint8Array, knots: number): void {
  const n = total(steps);
  const half = Math.max(1, knots >> 1);
  markAscending(steps, keep, half, (k) => (k / half) * n);
  markAscending(steps, keep, half, (k) => ((1 - Math.cos((Math.PI * k) / half)) / 2) * n);
}

function markAscending(steps: Steps, keep: Uint8Array, count: number, rank: (k: number) => number): void {
  const { atOrBelow, size } = steps;
  for (let k = 1, i = 0; k < count; k++) {
    const target = rank(k);
    while (i < size - 1 && atOrBelow[i]! < target) i++;
    keep[i] = 1;
  }
}

function markAtoms(steps: Steps, keep: Uint8Array): void {
  const { below, atOrBelow, size } = steps;
  const heavy = Math.max(2, total(steps) * ATOM_SHARE);
  for (let i = 0; i < size; i++) if (atOrBelow[i]! - below[i]! >= heavy) keep[i] = 1;
}

/** Splits every gap at its worst point until it is within what is allowed there. */
function refine(steps: Steps, keep: Uint8Array, tolerance: number): void {
  const n = total(steps);
  const most = Math.max(1, n * tolerance);
  const { below, atOrBelow } = steps;
  const allowedBetween = (left: number, right: number) =>
    Math.min(most, TAIL_SHARE * Math.max(1, Math.min(below[right]!, n - atOrBelow[left]!)));
  let kept = 0;
  for (const flag of keep) kept += flag;
  let left = 0;
  for (let next = 1; next < steps.size; next++) {
    if (keep[next] === 0) continue;
    const ends = [next];
    while (ends.length > 0) {
      const right = ends[ends.length - 1]!;
      const worst = kept < MAX_KNOTS ? worstBetween(steps, left, right, allowedBetween(left, right)) : -1;
      if (worst < 0) {
        left = right;
        ends.pop();
      } else {
        keep[worst] = 1;
        kept++;
        ends.push(worst);
      }
    }
  }
}

/** The step strictly between two knots where interpolation errs most, or -1 when none errs by more than `allowed`. */
function worstBetween(steps: Steps, left: number, right: number, allowed: number): number {
  const { values, below, atOrBelow } = steps;
  const base = atOrBelow[left]!;
  const mass = below[right]! - base;
  if (mass <= allowed) return -1;
  const from = values[left]!;
  const to = values[right]!;
  let worst = -1;
  let error = allowed;
  for (let i = left + 1; i < right; i++) {
    const line = base + mass * fractionBetween(values[i]!, from, to);
    const off = Math.max(atOrBelow[i]! - line, line - below[i]!);
    if (off > error) {
      error = off;
      worst = i;
    }
  }
  return worst;
}

function cut(steps: Steps): Steps {
  const { size } = steps;
  return {
    size,
    values: steps.values.slice(0, size),
    below: steps.below.slice(0, size),
    atOrBelow: steps.atOrBelow.slice(0, size),
  };
}

function gather(steps: Steps, keep: Uint8Array): Steps {
  let size = 0;
  for (const flag of keep) size += flag;
  const out: Steps = {
    size,
    values: new Float64Array(size),
    below: new Float64Array(size),
    atOrBelow: new Float64Array(size),
  };
  for (let i = 0, o = 0; i < steps.size; i++) {
    if (keep[i] === 0) continue;
    out.values[o] = steps.values[i]!;
    out.below[o] = steps.below[i]!;
    out.atOrBelow[o++] = steps.atOrBelow[i]!;
  }
  return out;
}

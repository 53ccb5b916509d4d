/** A cumulative count at distinct, ascending values: `size` steps, of which a sketch keeps some as its knots. */
export interface Steps {
  size: number;
  values: Float64Array;
  below: Float64Array;
  atOrBelow: Float64Array;
}

/** Up to this many distinct values every one is a knot: the sketch is exact. */
export const EXACT_DISTINCT = 1024;
/** A value holding at least this share of the observations is always a knot. */
const ATOM_SHARE = 1 / 1024;
/** Memory bound. Where the tolerance needs more knots it is doubled; no shape met in the tests needs half of it. */
export const MAX_KNOTS = 4096;
/** In the tails the error is held to this share of the observations further out: a thinned-out bin keeps its ratio. */
const TAIL_SHARE = 0.02;
/** Observations by which a line may always be off: half a one cannot be asked of a step, a whole one adds up over many chunks. */
const LEAST_ALLOWED = 0.85;
/** Widths whose reciprocals are of use; in a gap narrower or wider every step is a knot. */
const WIDEST = 1e300;
const NARROWEST = 1e-290;

/** Chosen steps, by position; good until the next compression. */
const chosen = new Uint32Array(MAX_KNOTS);

/** Where x lies between a and b, 0 to 1; safe for spans beyond the largest double. */
export function fractionBetween(x: number, a: number, b: number): number {
  const span = b - a;
  return span < Infinity ? (x - a) / span : (x / 2 - a / 2) / (b / 2 - a / 2);
}

/**
 * Chooses the steps that stay: the two ends, every atom, and between them as few as make linear interpolation nowhere wrong
 * by more than `tolerance` (a share of all observations; at least 0.85 of one). So the compressed CDF is nowhere further
 * than the tolerance from its input, whatever the shape. Cone intersection
 * (Sklansky and Gonzalez 1980), O(size).
 */
export function compress(steps: Steps, isExact: boolean, tolerance: number): Steps {
  if (isExact && steps.size <= EXACT_DISTINCT) return cut(steps);
  for (let wider = tolerance; wider < 1; wider *= 2) {
    const kept = choose(steps, wider);
    if (kept < MAX_KNOTS) return gather(steps, kept);
  }
  return gather(steps, spread(steps));
}

/** Chooses steps evenly, for values so near to or far from each other that no slope between them is a number. */
function spread({ size }: Steps): number {
  const kept = Math.min(size, MAX_KNOTS);
  for (let knot = 0; knot < kept; knot++) chosen[knot] = Math.round((knot * (size - 1)) / Math.max(1, kept - 1));
  return kept;
}

/** Fills `chosen`; returns how many there are, or MAX_KNOTS when they do not fit. */
function choose(steps: Steps, tolerance: number): number {
  const last = steps.size - 1;
  const n = steps.atOrBelow[last]!;
  const most = Math.max(LEAST_ALLOWED, n * tolerance);
  const heavy = Math.max(2, n * ATOM_SHARE);
  chosen[0] = 0;
  let kept = 1;
  for (let left = 0; left < last && kept < MAX_KNOTS; ) {
    const before = steps.atOrBelow[left]!;
    const allowed = Math.min(most, TAIL_SHARE * Math.max(1, Math.min(before, n - before)));
    left = furthestFrom(steps, left, allowed, heavy);
    chosen[kept++] = left;
  }
  return kept;
}

/** The last step that a line from `left` reaches without being off by more than `allowed` at any step or passing an atom. */
function furthestFrom({ size, values, below, atOrBelow }: Steps, left: number, allowed: number, heavy: number): number {
  const from = values[left]!;
  const base = atOrBelow[left]!;
  let steepest = Infinity;
  let flattest = -Infinity;
  let furthest = left + 1;
  for (let i = left + 1; i < size; i++) {
    const span = values[i]! - from;
    if (!(span > NARROWEST && span < WIDEST)) break;
    const perSpan = 1 / span;
    const low = below[i]! - base;
    const high = atOrBelow[i]! - base;
    const slope = low * perSpan;
    if (slope >= flattest && slope <= steepest) furthest = i;
    if (high - low >= heavy) break;
    const atLeast = (high - allowed) * perSpan;
    const atMost = (low + allowed) * perSpan;
    if (atLeast > flattest) flattest = atLeast;
    if (atMost < steepest) steepest = atMost;
    if (flattest > steepest) break;
  }
  return furthest;
}

function cut({ size, values, below, atOrBelow }: Steps): Steps {
  return { size, values: values.slice(0, size), below: below.slice(0, size), atOrBelow: atOrBelow.slice(0, size) };
}

function gather(steps: Steps, size: number): Steps {
  const values = new Float64Array(size);
  const below = new Float64Array(size);
  const atOrBelow = new Float64Array(size);
  for (let knot = 0; knot < size; knot++) {
    const step = chosen[knot]!;
    values[knot] = steps.values[step]!;
    below[knot] = steps.below[step]!;
    atOrBelow[knot] = steps.atOrBelow[step]!;
  }
  return { size, values, below, atOrBelow };
}

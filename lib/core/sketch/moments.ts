/** Count, mean and sum of squared deviations of a sample. */
export interface Moments {
  n: number;
  mean: number;
  m2: number;
}

/** Moments of sorted finite values, shifted by their median so that an offset costs no digits. Overflow saturates. */
export function momentsOf(sorted: Float64Array): Moments {
  const n = sorted.length;
  if (n === 0) return { n: 0, mean: 0, m2: 0 };
  const shift = sorted[n >> 1]!;
  let sum = 0;
  let squares = 0;
  for (let i = 0; i < n; i++) {
    const d = sorted[i]! - shift;
    sum += d;
    squares += d * d;
  }
  const mean = Number.isFinite(sum) ? shift + sum / n : sorted.reduce((acc, v) => acc + v / n, 0);
  return { n, mean, m2: saturated(Math.max(0, squares - (sum * sum) / n)) };
}

/**
 * Chan, Golub and LeVeque's pairwise update, folded over the parts in a canonical order so that the order in which parts
 * are given changes nothing.
 */
export function mergeMoments(parts: readonly Moments[]): Moments {
  const ordered = [...parts].sort((a, b) => a.n - b.n || a.mean - b.mean || a.m2 - b.m2);
  return ordered.reduce(addMoments, { n: 0, mean: 0, m2: 0 });
}

function addMoments(a: Moments, b: Moments): Moments {
  if (a.n === 0 || b.n === 0) return a.n === 0 ? b : a;
  const n = a.n + b.n;
  const delta = b.mean - a.mean;
  const mean = a.mean * (a.n / n) + b.mean * (b.n / n);
  const near = Number.isFinite(delta) ? a.mean + delta * (b.n / n) : mean;
  return { n, mean: near, m2: saturated(a.m2 + b.m2 + delta * delta * a.n * (b.n / n)) };
}

/** JSON and SQL have no number for infinity or NaN: what overflows is the largest double. */
function saturated(x: number): number {
  return Number.isFinite(x) ? x : Number.MAX_VALUE;
}

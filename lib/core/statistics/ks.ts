import type { BaselineColumn } from '../baselines/types.ts';
import { fractionBetween } from '../sketch/knots.ts';
import { cdfAtOrBelow } from '../sketch/numeric.ts';
import type { FeatureSketch, GridCounts, NumericDistribution } from '../sketch/types.ts';
import { kolmogorovTwoSample } from './kolmogorov.ts';
import { noScore, nothingToCompare, type Sizes, scored, valueSizes } from './results.ts';
import type { MetricDefinition, MetricResult } from './types.ts';

const DESCRIPTION =
  'D = sup|F−G| over usable values, read at every knot of both sketches from the left and from the right, so that ties and ' +
  'atoms count exactly. Missing, NaN, ±∞ and wrong types stay out. Effect: D. p: two-sided, exact while n·m ≤ 10,000, ' +
  'otherwise Kolmogorov’s distribution at round(nm/(n+m)), as scipy’s ks_2samp. Source: Smirnov 1939; Pelz and Good 1976.';

/** The two-sample Kolmogorov–Smirnov test. */
export const ks: MetricDefinition = {
  metric: 'ks',
  definition: 'ks/two-sample@1',
  description: DESCRIPTION,
  defaultThreshold: 0.1,
  appliesTo: (column) => column.sketch.kind === 'numeric',
  compute: ksOfSketches,
  computeOnGrid: { definition: 'ks/two-sample-grid@1', compute: ksOnGrid },
};

/**
 * sup|F−G| of two distributions that both have observations, read at the union of their knots from both sides in one pass.
 * Symmetric; 0 to 1. Compares counts crosswise (a·m against b·n), so that exact sketches give D without rounding. One
 * loop without calls or writes: it is most of a monitor's evaluation.
 */
export function ksDistance(a: NumericDistribution, b: NumericDistribution): number {
  const { values: x, below: aBelow, atOrBelow: aUpTo, n } = a;
  const { values: y, below: bBelow, atOrBelow: bUpTo, n: m } = b;
  let greatest = 0;
  let least = 0;
  let i = 0;
  let j = 0;
  while (i < x.length && j < y.length) {
    const u = x[i]!;
    const v = y[j]!;
    let left: number;
    let right: number;
    if (u < v) {
      const other = (j === 0 ? 0 : inGap(bUpTo[j - 1]!, bBelow[j]!, u, y[j - 1]!, v)) * n;
      left = aBelow[i]! * m - other;
      right = aUpTo[i++]! * m - other;
    } else if (v < u) {
      const other = (i === 0 ? 0 : inGap(aUpTo[i - 1]!, aBelow[i]!, v, x[i - 1]!, u)) * m;
      left = other - bBelow[j]! * n;
      right = other - bUpTo[j++]! * n;
    } else {
      left = aBelow[i]! * m - bBelow[j]! * n;
      right = aUpTo[i++]! * m - bUpTo[j++]! * n;
    }
    greatest = Math.max(greatest, left, right);
    least = Math.min(least, left, right);
  }
  // Past the end of one, where it has all its observations, the other only comes closer.
  if (i < x.length) least = Math.min(least, (aBelow[i]! - n) * m);
  if (j < y.length) greatest = Math.max(greatest, (m - bBelow[j]!) * n);
  return Math.min(1, Math.max(greatest, -least) / (n * m));
}

/** A count that grows from one knot to the next, at x between them. */
function inGap(from: number, to: number, x: number, a: number, b: number): number {
  return from === to ? from : from + (to - from) * fractionBetween(x, a, b);
}

function ksOfSketches(baseline: BaselineColumn, current: FeatureSketch): MetricResult {
  const sizes = valueSizes(baseline, current);
  if (baseline.sketch.kind !== 'numeric') return noScore('the baseline is not numeric', sizes);
  if (current.kind !== 'numeric') return noScore('the window’s values are not numbers, unlike the baseline’s', sizes);
  const nothing = nothingToCompare(sizes, 'usable values');
  if (nothing !== null) return noScore(nothing, sizes);
  return tested(ksDistance(current.numeric, baseline.sketch.numeric), sizes);
}

/** D at the grid's edges alone: at most the exact D, and below it by no more than a cell's mass. */
function ksOnGrid(baseline: BaselineColumn, current: GridCounts): MetricResult {
  const { sketch, grid } = baseline;
  if (sketch.kind !== 'numeric' || grid.kind !== 'numeric') {
    return noScore('the baseline is not numeric', { nCurrent: 0, nBaseline: 0 });
  }
  const sizes = { nCurrent: current.n, nBaseline: sketch.numeric.n };
  const nothing = nothingToCompare(sizes, 'usable values');
  if (nothing !== null) return noScore(nothing, sizes);
  let d = 0;
  let below = 0;
  for (let i = 0; i < current.cells.length; i++) {
    const cell = current.cells[i]!;
    // The current CDF is flat over empty cells, so the distance peaks at the two edges of a filled one.
    const start = cell === 0 ? 0 : cdfAtOrBelow(sketch.numeric, grid.edges[cell - 1]!) / sizes.nBaseline;
    const end = cell < grid.edges.length ? cdfAtOrBelow(sketch.numeric, grid.edges[cell]!) / sizes.nBaseline : 1;
    d = Math.max(d, Math.abs(start - below / current.n));
    below += current.counts[i]!;
    d = Math.max(d, Math.abs(end - below / current.n));
  }
  return tested(d, sizes);
}

function tested(d: number, sizes: Sizes): MetricResult {
  return scored(d, d, kolmogorovTwoSample(d, sizes.nCurrent, sizes.nBaseline), sizes);
}

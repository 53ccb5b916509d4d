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
 * Symmetric; 0 to 1. Compares counts crosswise (a·m against b·n), so that exact sketches give D without rounding.
 */
export function ksDistance(a: NumericDistribution, b: NumericDistribution): number {
  return Math.min(1, Math.max(crosswise(a, b), crosswise(b, a)) / (a.n * b.n));
}

/** The greatest |F·n·m − G·n·m| at the knots of `a`. One loop without calls: it is most of a monitor's evaluation. */
function crosswise(a: NumericDistribution, b: NumericDistribution): number {
  const { values: x, below: aBelow, atOrBelow: aUpTo, n } = a;
  const { values: y, below: bBelow, atOrBelow: bUpTo, n: m } = b;
  const last = y.length - 1;
  let distance = 0;
  for (let i = 0, j = 0; i < x.length; i++) {
    const value = x[i]!;
    while (j <= last && y[j]! < value) j++;
    let left = 0;
    let right = 0;
    if (j > last) {
      left = m;
      right = m;
    } else if (y[j] === value) {
      left = bBelow[j]!;
      right = bUpTo[j]!;
    } else if (j > 0) {
      const from = bUpTo[j - 1]!;
      const mass = bBelow[j]! - from;
      left = mass === 0 ? from : from + mass * fractionBetween(value, y[j - 1]!, y[j]!);
      right = left;
    }
    const offLeft = Math.abs(aBelow[i]! * m - left * n);
    const offRight = Math.abs(aUpTo[i]! * m - right * n);
    if (offLeft > distance) distance = offLeft;
    if (offRight > distance) distance = offRight;
  }
  return distance;
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

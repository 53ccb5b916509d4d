import type { BaselineColumn } from '../baselines/types.ts';
import { cdfAtOrBelow, cdfBelow } from '../sketch/numeric.ts';
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

/** sup|F−G| of two distributions that both have observations. Symmetric; 0 to 1. */
export function ksDistance(a: NumericDistribution, b: NumericDistribution): number {
  return Math.max(distanceAtKnots(a, b), distanceAtKnots(b, a));
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

function distanceAtKnots(a: NumericDistribution, b: NumericDistribution): number {
  let d = 0;
  for (let i = 0; i < a.values.length; i++) {
    const x = a.values[i]!;
    const left = Math.abs(a.below[i]! / a.n - cdfBelow(b, x) / b.n);
    const right = Math.abs(a.atOrBelow[i]! / a.n - cdfAtOrBelow(b, x) / b.n);
    d = Math.max(d, left, right);
  }
  return d;
}

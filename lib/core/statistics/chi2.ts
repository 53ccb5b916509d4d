import type { BaselineColumn } from '../baselines/types.ts';
import type { FeatureSketch, GridCounts } from '../sketch/types.ts';
import { type BinCounts, baselineBins, countBins, countGridBins } from './bins.ts';
import { contingency, poolSmallCells, total } from './contingency.ts';
import { noScore, nothingToCompare, type Sizes, sameType, scored, valueSizes } from './results.ts';
import type { MetricDefinition, MetricResult } from './types.ts';

const DESCRIPTION =
  'Pearson’s χ² of the 2 × k table (window and baseline) × (the baseline’s categories + any other), on counts of usable ' +
  'values; Yates’ correction at one degree of freedom. Missing values stay out. Cells expected under 1 in the smaller ' +
  'sample are pooled. Effect: Cramér’s V at equal weights of the two samples, √(½Σ(c−r)²/(c+r)), so that it does not depend on ' +
  'their sizes, less its bias (V² − (k−1)(1/n+1/m)/4, at least 0). Source: Pearson 1900; Cramér 1946; Bergsma 2013 for the bias.';

/** The χ² test of homogeneity. */
export const chi2: MetricDefinition = {
  metric: 'chi2',
  definition: 'chi2/contingency@1',
  description: DESCRIPTION,
  defaultThreshold: 0.1,
  appliesTo: (column) => column.sketch.kind !== 'numeric',
  compute: chi2OfSketches,
  computeOnGrid: { definition: 'chi2/contingency-grid@1', compute: chi2OnGrid },
};

function chi2OfSketches(baseline: BaselineColumn, current: FeatureSketch): MetricResult {
  const sizes = valueSizes(baseline, current);
  if (!sameType(baseline, current)) return noScore('the window’s values are numbers, unlike the baseline’s', sizes);
  // Infinite and wrong-typed values are no categories: what is unseen here is the categories' own rest.
  return chi2OfBins(baseline, countBins(baseline, current), current.infinite + current.wrongType, sizes);
}

function chi2OnGrid(baseline: BaselineColumn, current: GridCounts): MetricResult {
  const { sketch } = baseline;
  if (sketch.kind === 'numeric') return noScore('the baseline is not categorical', { nCurrent: 0, nBaseline: 0 });
  const sizes = { nCurrent: current.n, nBaseline: sketch.categorical.n };
  return chi2OfBins(baseline, countGridBins(baseline, current), current.infinite + current.wrongType, sizes);
}

function chi2OfBins(baseline: BaselineColumn, bins: BinCounts, aside: number, sizes: Sizes): MetricResult {
  const nothing = nothingToCompare(sizes, 'usable values');
  if (nothing !== null) return noScore(nothing, sizes);
  const { sketch } = baseline;
  const pooled = poolSmallCells(cells(bins, aside), cells(baselineBins(baseline), sketch.infinite + sketch.wrongType));
  if (pooled === null) return noScore('too few values for a χ² test: a sample has fewer than 5', sizes);
  const [c, r] = pooled;
  const { chiSquared, pValue } = contingency(c, r);
  return scored(chiSquared, balancedV(c, r), pValue, sizes);
}

function cells(bins: BinCounts, aside: number): number[] {
  return [...bins.values, bins.unseen - aside];
}

/** Cells empty on both sides are none. */
function balancedV(c: ArrayLike<number>, r: ArrayLike<number>): number {
  const n = total(c);
  const m = total(r);
  let square = 0;
  let cells = 0;
  for (let i = 0; i < c.length; i++) {
    const p = c[i]! / n;
    const q = r[i]! / m;
    if (p + q === 0) continue;
    cells++;
    square += (p - q) ** 2 / (p + q) / 2;
  }
  const bias = ((cells - 1) * (1 / n + 1 / m)) / 4;
  return Math.min(1, Math.sqrt(Math.max(0, square - bias)));
}

import type { BaselineColumn } from '../baselines/types.ts';
import { cdfAtOrBelow } from '../sketch/numeric.ts';
import type { CategoricalDistribution, FeatureSketch } from '../sketch/types.ts';
import { numericBins } from './bins.ts';
import { total } from './contingency.ts';
import { noScore, nothingToCompare, scored, valueSizes } from './results.ts';
import type { MetricResult } from './types.ts';

/** Other tools' usual rule, for comparison with them: no missing and no unseen bin, every share at least 1e-4. */
export const PSI_FLOOR_DEFINITION = 'psi/quantile10-floor1e-4';

const FLOOR = 1e-4;

/**
 * Σ(c−r)·ln(c/r) over the ten quantile bins of the baseline, or the union of both sides' categories, of usable values alone;
 * shares below 1e-4 are set to 1e-4. No test of its own.
 */
export function psiFloor(baseline: BaselineColumn, current: FeatureSketch): MetricResult {
  const sizes = valueSizes(baseline, current);
  const nothing = nothingToCompare(sizes, 'usable values');
  if (nothing !== null) return noScore(nothing, sizes);
  const [c, r] = countsOf(baseline, current);
  const score = psiWithFloor(c, r);
  return scored(score, score, null, sizes);
}

function countsOf(baseline: BaselineColumn, current: FeatureSketch): [ArrayLike<number>, ArrayLike<number>] {
  const reference = baseline.sketch;
  if (reference.kind === 'numeric' && current.kind === 'numeric') {
    const bins = (d: typeof current.numeric) => numericBins(baseline.psiEdges, (x) => cdfAtOrBelow(d, x), d.n);
    return [bins(current.numeric), bins(reference.numeric)];
  }
  if (reference.kind === 'numeric' || current.kind === 'numeric') return [[], []];
  const union = [...new Set([...reference.categorical.values, ...current.categorical.values])];
  return [counts(current.categorical, union), counts(reference.categorical, union)];
}

function counts(d: CategoricalDistribution, categories: readonly string[]): number[] {
  const byName = new Map(d.values.map((value, i) => [value, d.counts[i]!]));
  return [...categories.map((category) => byName.get(category) ?? 0), d.other];
}

function psiWithFloor(c: ArrayLike<number>, r: ArrayLike<number>): number {
  const n = total(c);
  const m = total(r);
  let score = 0;
  for (let i = 0; i < c.length; i++) {
    if (c[i]! + r[i]! === 0) continue;
    const current = Math.max(FLOOR, c[i]! / n);
    const reference = Math.max(FLOOR, r[i]! / m);
    score += (current - reference) * Math.log(current / reference);
  }
  return score;
}

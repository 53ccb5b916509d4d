import type { BaselineColumn } from '../baselines/types.ts';
import type { GridCounts } from '../sketch/types.ts';
import { type BinCounts, baselineBins, countBins, countGridBins } from './bins.ts';
import { contingency, poolSmallCells, total } from './contingency.ts';
import { eventSizes, noScore, nothingToCompare, type Sizes, scored } from './results.ts';
import type { MetricDefinition, MetricResult } from './types.ts';

/**
 * Shares are compared at a ratio of at most 20 to 1: the smaller one of a bin is raised to a twentieth of the larger.
 * Without empty bins that changes nothing, at any sample size; an empty bin of share s adds 2.85·s, so it takes 3.5 % of the
 * baseline to vanish before one bin reaches 0.1 (a floor of 1e-4 gets there with 1.9 %).
 */
const MAX_RATIO = 20;

const DESCRIPTION =
  'Σ(c−r)·ln(c/r), natural logarithm, over the bins of the baseline (ten quantile bins by numpy’s linear rule, ties merged, bin ' +
  'i = (e[i−1], e[i]]; or its categories) + unseen (other categories, ±∞, wrong type) + missing (missing, NaN). Shares are ' +
  'of all events. Empty bins: a bin’s smaller share is raised to 1/20 of its larger; bins empty on both sides count ' +
  'nothing. Effect: PSI less its expectation under no drift, (B−1)(1/n+1/m) over B bins with mass. p: Pearson’s χ² ' +
  'on the same bins’ counts, cells expected under 1 pooled. Source: Siddiqi 2006; Yurdakul 2018 for the null expectation.';

/** The population stability index. */
export const psi: MetricDefinition = {
  metric: 'psi',
  definition: 'psi/quantile10@1',
  description: DESCRIPTION,
  defaultThreshold: 0.1,
  appliesTo: () => true,
  compute: (baseline, current) =>
    psiOfBins(baseline, () => countBins(baseline, current), eventSizes(baseline, current)),
  computeOnGrid: { definition: 'psi/quantile10-grid@1', compute: psiOnGrid },
};

function psiOnGrid(baseline: BaselineColumn, current: GridCounts): MetricResult {
  return psiOfBins(baseline, () => countGridBins(baseline, current), eventSizes(baseline, current));
}

function psiOfBins(baseline: BaselineColumn, bins: () => BinCounts, sizes: Sizes): MetricResult {
  const nothing = nothingToCompare(sizes, 'events');
  if (nothing !== null) return noScore(nothing, sizes);
  const c = flat(bins());
  const r = flat(baselineBins(baseline));
  const n = total(c);
  const m = total(r);
  if (n <= 0 || m <= 0) return noScore('no event of the column is accounted for', sizes);
  let score = 0;
  let filled = 0;
  for (let i = 0; i < c.length; i++) {
    if (c[i]! + r[i]! > 0) filled++;
    score += term(c[i]! / n, r[i]! / m);
  }
  const floor = Math.max(0, filled - 1) * (1 / n + 1 / m);
  return scored(score, Math.max(0, score - floor), significance(c, r), sizes);
}

function term(c: number, r: number): number {
  if (c === r) return 0;
  const current = Math.max(c, r / MAX_RATIO);
  const reference = Math.max(r, c / MAX_RATIO);
  return (current - reference) * Math.log(current / reference);
}

function significance(c: ArrayLike<number>, r: ArrayLike<number>): number {
  const pooled = poolSmallCells(c, r);
  return pooled === null ? 1 : contingency(pooled[0], pooled[1]).pValue;
}

function flat(bins: BinCounts): Float64Array {
  const { values, unseen, missing } = bins;
  const all = new Float64Array(values.length + 2);
  all.set(values);
  all[values.length] = unseen;
  all[values.length + 1] = missing;
  return all;
}

import type { BaselineColumn } from '../baselines/types.ts';
import { usableValues } from '../sketch/feature.ts';
import type { FeatureSketch, GridCounts, ValueCounts } from '../sketch/types.ts';
import { baselineBins, countBins, countGridBins, missingOf } from './bins.ts';
import { twoProportions } from './contingency.ts';
import { eventSizes, noScore, nothingToCompare, type Sizes, sameType, scored, valueSizes } from './results.ts';
import type { MetricDefinition, MetricResult } from './types.ts';

/** Share of events whose value is missing. */
export const missingRate: MetricDefinition = {
  metric: 'missing_rate',
  definition: 'missing-rate/difference@1',
  description:
    'Share of events whose value is missing or NaN, window less baseline. Effect: its absolute value, since a gap that ' +
    'closes is a change upstream too (a default filled in). p: two proportions, 2 × 2 contingency test with Yates’ correction.',
  defaultThreshold: 0.02,
  appliesTo: () => true,
  compute: missingOfEvents,
  computeOnGrid: { definition: 'missing-rate/difference-grid@1', compute: missingOfEvents },
};

/** Share of values that the baseline has no category for. */
export const unseenRate: MetricDefinition = {
  metric: 'unseen_rate',
  definition: 'unseen-rate/difference@1',
  description:
    'Share of usable values whose category the baseline does not have, window less baseline (whose own share is 0 unless it was ' +
    'capped at 1,000 categories). A category that only lost rank is not unseen. Effect: the increase. p: two proportions, 2 × 2 ' +
    'contingency test with Yates’ correction.',
  defaultThreshold: 0.01,
  appliesTo: (column) => column.sketch.kind !== 'numeric',
  compute: unseenOfSketches,
  computeOnGrid: { definition: 'unseen-rate/difference-grid@1', compute: unseenOnGrid },
};

function missingOfEvents(baseline: BaselineColumn, current: ValueCounts): MetricResult {
  const sizes = eventSizes(baseline, current);
  return difference(missingOf(current), missingOf(baseline.sketch), sizes, 'events', Math.abs);
}

function unseenOfSketches(baseline: BaselineColumn, current: FeatureSketch): MetricResult {
  const sizes = valueSizes(baseline, current);
  if (!sameType(baseline, current)) return noScore('the window’s values are numbers, unlike the baseline’s', sizes);
  const unseen = countBins(baseline, current).unseen - current.infinite - current.wrongType;
  return difference(unseen, unseenInBaseline(baseline), sizes, 'usable values', increase);
}

function unseenOnGrid(baseline: BaselineColumn, current: GridCounts): MetricResult {
  const sizes = { nCurrent: current.n, nBaseline: usableValues(baseline.sketch) };
  const unseen = countGridBins(baseline, current).unseen - current.infinite - current.wrongType;
  return difference(unseen, unseenInBaseline(baseline), sizes, 'usable values', increase);
}

function unseenInBaseline(baseline: BaselineColumn): number {
  return baselineBins(baseline).unseen - baseline.sketch.infinite - baseline.sketch.wrongType;
}

function increase(difference: number): number {
  return Math.max(0, difference);
}

function difference(
  a: number,
  b: number,
  sizes: Sizes,
  what: string,
  effectOf: (score: number) => number,
): MetricResult {
  const nothing = nothingToCompare(sizes, what);
  if (nothing !== null) return noScore(nothing, sizes);
  const score = a / sizes.nCurrent - b / sizes.nBaseline;
  return scored(score, effectOf(score), twoProportions(a, sizes.nCurrent, b, sizes.nBaseline), sizes);
}

import type { BaselineColumn } from '../baselines/types.ts';
import { usableValues } from '../sketch/feature.ts';
import type { FeatureSketch, ValueCounts } from '../sketch/types.ts';
import type { MetricResult } from './types.ts';

/** Sizes of the two samples a result is about. */
export interface Sizes {
  nCurrent: number;
  nBaseline: number;
}

/** A score; `effect` is what the threshold is compared with. */
export function scored(score: number, effect: number, pValue: number | null, sizes: Sizes): MetricResult {
  return { kind: 'score', score, effect, pValue, ...sizes };
}

/** No score, and why: never to be read as "no drift". */
export function noScore(reason: string, sizes: Sizes): MetricResult {
  return { kind: 'no-score', reason, ...sizes };
}

/** Sizes counted in events seen, for metrics that read missing values too. */
export function eventSizes(baseline: BaselineColumn, current: ValueCounts): Sizes {
  return { nCurrent: current.count, nBaseline: baseline.sketch.count };
}

/** Sizes counted in usable values, for metrics of the distribution; 0 where the current values are of another type. */
export function valueSizes(baseline: BaselineColumn, current: FeatureSketch): Sizes {
  const nCurrent = sameType(baseline, current) ? usableValues(current) : 0;
  return { nCurrent, nBaseline: usableValues(baseline.sketch) };
}

/** Whether the two sketches hold comparable values. Booleans are categories called false and true. */
export function sameType(baseline: BaselineColumn, current: FeatureSketch): boolean {
  return (baseline.sketch.kind === 'numeric') === (current.kind === 'numeric');
}

/** The reason there is nothing to compare, or null. `what` names the things counted. */
export function nothingToCompare(sizes: Sizes, what: string): string | null {
  if (sizes.nBaseline <= 0) return `the baseline has no ${what}`;
  if (sizes.nCurrent <= 0) return `the window has no ${what}`;
  return null;
}

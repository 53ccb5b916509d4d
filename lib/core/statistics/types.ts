import type { BaselineColumn } from '../baselines/types.ts';
import type { MetricName } from '../monitors/types.ts';
import type { FeatureSketch, GridCounts } from '../sketch/types.ts';

/** What a metric found, or why it could find nothing. A window under the minimum sample is never "no drift". */
export type MetricResult =
  | {
      kind: 'score';
      /** The metric's value as people know it (PSI, D, χ² …). */
      score: number;
      /** What the threshold is compared with: the score itself, or for tests an effect size (Cramér's V for χ²). */
      effect: number;
      /** null where the metric has no test. */
      pValue: number | null;
      nCurrent: number;
      nBaseline: number;
    }
  | { kind: 'no-score'; reason: string; nCurrent: number; nBaseline: number };

/** A metric with its versioned definition. Adding one is adding a row to the registry. */
export interface MetricDefinition {
  metric: MetricName;
  /** Such as `psi/quantile10@1`; changing formula, base, edges, empty-bin or missing rule makes a new version. */
  definition: string;
  /** Formula, base, edges, empty-bin rule, missing rule, source: printed in the docs. */
  description: string;
  appliesTo(column: BaselineColumn): boolean;
  /** Smallest effect worth a page when the monitor names none (see docs/statistics.md). */
  defaultThreshold: number;
  compute(baseline: BaselineColumn, current: FeatureSketch): MetricResult;
  /** The same from a segment's counts on the frozen grid; its definition carries a suffix. Absent: not possible from counts. */
  computeOnGrid?: { definition: string; compute(baseline: BaselineColumn, current: GridCounts): MetricResult };
}

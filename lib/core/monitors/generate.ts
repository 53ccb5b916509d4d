import type { BaselineColumn } from '../baselines/types.ts';
import { automaticThreshold } from '../detection/threshold.ts';
import { METRICS } from '../statistics/registry.ts';
import type { MetricName } from './types.ts';

/** What a generated monitor is made from. */
export interface GeneratedMonitor {
  name: string;
  metrics: readonly MetricName[];
  minSamples: number;
  persistence: number;
  severity: 'error' | 'warning';
  purpose: string;
}

/** A day is the shortest generated window: shorter ones are for models whose traffic is known to carry them. */
const DAY = 86_400_000;
const WINDOWS = [DAY, 7 * DAY, 28 * DAY];
const WANTED_ROWS = 1000;

/** The shortest of 1d, 7d, 28d whose typical window holds 1,000 rows; 7d for a reference without times. */
export function proposeWindow(timestamps: readonly number[] | null): number {
  if (timestamps === null || timestamps.length < 2) return 7 * DAY;
  let first = Number.POSITIVE_INFINITY;
  let last = Number.NEGATIVE_INFINITY;
  for (const time of timestamps) {
    first = Math.min(first, time);
    last = Math.max(last, time);
  }
  const rowsPerMs = timestamps.length / Math.max(last - first, 1);
  return WINDOWS.find((window) => window * rowsPerMs >= WANTED_ROWS) ?? 28 * DAY;
}

/** Two monitors: drift pages, data quality warns; both in one incident of the model. */
export function generateMonitors(model: string): GeneratedMonitor[] {
  return [
    {
      name: `${model}-drift`,
      metrics: ['psi', 'ks', 'chi2'],
      minSamples: 500,
      persistence: 2,
      severity: 'error',
      purpose: 'a feature, the score or the predicted class is distributed otherwise than in the reference',
    },
    {
      name: `${model}-quality`,
      metrics: ['missing_rate', 'unseen_rate'],
      minSamples: 500,
      persistence: 2,
      severity: 'warning',
      purpose: 'values go missing, or categories appear that the reference never had',
    },
  ];
}

/** One line a column: kind, usable rows, and the automatic threshold of each metric that applies. */
export function describeColumn(column: BaselineColumn): string {
  const thresholds = Object.values(METRICS)
    .filter((metric) => metric.appliesTo(column))
    .map(
      (metric) =>
        `${metric.metric} ${automaticThreshold(metric.defaultThreshold, column.spread[metric.metric]).toPrecision(2)}`,
    );
  return `${column.feature}: ${column.sketch.kind}, ${column.sketch.count} rows, thresholds ${thresholds.join(', ')}`;
}

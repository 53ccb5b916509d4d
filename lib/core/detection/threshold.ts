import type { Spread } from '../baselines/types.ts';
import type { Monitor } from '../monitors/types.ts';
import type { MetricDefinition } from '../statistics/types.ts';

/** Standard deviations above the mean of the baseline's own windows. */
const DEVIATIONS = 3;

/**
 * The automatic effect threshold: what the baseline's own windows rarely exceed (mean + 3 sd of the metric between the
 * baseline's windows and the whole), but never less than the smallest effect worth a page.
 */
export function automaticThreshold(defaultThreshold: number, spread: Spread | undefined): number {
  if (spread === undefined || !Number.isFinite(spread.mean + spread.sd)) return defaultThreshold;
  return Math.max(defaultThreshold, spread.mean + DEVIATIONS * spread.sd);
}

/** The monitor's own threshold for the metric, else the automatic one. */
export function thresholdOf(monitor: Monitor, definition: MetricDefinition, spread: Spread | undefined): number {
  return monitor.threshold[definition.metric] ?? automaticThreshold(definition.defaultThreshold, spread);
}

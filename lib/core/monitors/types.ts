import type { Severity } from '../alerts/types.ts';

export type MetricName = 'psi' | 'ks' | 'chi2' | 'missing_rate' | 'unseen_rate';

/** A monitor, validated and with defaults filled in: target × metric × window × baseline × threshold × … */
export interface Monitor {
  name: string;
  model: string;
  /** `*` (all columns of the baseline) or the columns named. */
  target: '*' | readonly string[];
  metrics: readonly MetricName[];
  /** Length in ms; equals the model's window. */
  windowMs: number;
  /** Name of the reference. */
  baseline: string;
  /** Fixed effect thresholds by metric; a metric absent here is automatic. */
  threshold: Readonly<Partial<Record<MetricName, number>>>;
  minSamples: number;
  /** Consecutive breached windows before an alert fires. */
  persistence: number;
  severity: Severity;
  /** Segment names to test beside the whole; each value of the segment is one alert. */
  segments: readonly string[];
}

export interface ColumnMapping {
  id?: string;
  timestamp?: string;
  score?: string;
  prediction?: string;
  value?: string;
  label?: string;
}

/** A declared model. */
export interface ModelSpec {
  name: string;
  windowMs: number;
  timezone: string;
  segments: readonly string[];
  reference: { name: string; file: string } | null;
  columns: ColumnMapping;
  /** Columns to read as categories though they look numeric. */
  categorical: readonly string[];
  /** Columns of the reference (and of replayed files) that are no features. Configuration key `ignore`, default []. */
  ignore: readonly string[];
}

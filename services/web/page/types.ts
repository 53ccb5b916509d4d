/** Answers of the API as the page reads them; /openapi.json says the same in full. Times are ms. */
export type WindowState = 'provisional' | 'complete' | 'revised';
export type ModelState = 'drifting' | 'quiet' | 'not_enough_data' | 'unmonitored';

export interface ModelSummary {
  model: string;
  state: ModelState;
  declared: boolean;
  monitored: boolean;
  window_ms: number;
  timezone: string;
  reference: string;
  first_seen: number;
  open_incidents: number;
  breached: number;
  last_window: { start: number; end: number; events: number; errors: number; state: WindowState } | null;
  sparkline: { window_start: number; ratio: number | null; breached: number }[];
}

export interface FeatureSummary {
  feature: string;
  latest: { start: number; end: number; count: number; missing_rate: number | null; state: WindowState } | null;
}

export interface ModelWindow {
  version: string;
  role: string;
  window_start: number;
  window_end: number;
  events: number;
  errors: number;
  state: WindowState;
}

export interface ModelDetail extends ModelSummary {
  segments: string[];
  versions: { version: string; role: string; first_seen: number }[];
  baselines: { baseline: string; baseline_version: string; registered_at: number; columns: number; rows: number }[];
  features: FeatureSummary[];
  windows: ModelWindow[];
}

export interface ScorePoint {
  window_start: number;
  window_end: number;
  score: number | null;
  /** What the threshold is compared with; null without a score. */
  effect: number | null;
  p_value: number | null;
  threshold: number;
  breached: boolean;
  n_current: number;
  n_baseline: number;
  state: WindowState;
  revision: number;
  /** Why there is no score, or ''. */
  note: string;
}

export interface ScoreSeries {
  monitor: string;
  version: string;
  role: string;
  feature: string;
  segment: string;
  metric: string;
  definition: string;
  baseline: string;
  severity: string;
  points: ScorePoint[];
}

export interface Side {
  name: string;
  count: number;
  n: number;
  missing: number;
  nan: number;
  infinite: number;
  wrong_type: number;
  mean: number | null;
  min: number | null;
  max: number | null;
}

export interface Distribution {
  kind: 'numeric' | 'categorical' | 'boolean';
  reference: Side | null;
  current: Side | null;
  bins: { low: number; high: number; reference: number | null; current: number | null }[];
  categories: { category: string; reference: number | null; current: number | null }[];
  other: { reference: number | null; current: number | null };
}

export interface FeatureStats {
  version: string;
  role: string;
  window_start: number;
  window_end: number;
  count: number;
  missing: number;
  nan: number;
  infinite: number;
  wrong_type: number;
  mean: number | null;
  stddev: number | null;
  min: number | null;
  max: number | null;
  state: WindowState;
}

export interface FeatureDetail {
  model: string;
  feature: string;
  segment: string;
  series: ScoreSeries[];
  stats: FeatureStats[];
  window: {
    version: string;
    role: string;
    start: number;
    end: number;
    state: WindowState;
    revision: number;
    note: string;
  } | null;
  distribution: Distribution | null;
}

export interface IncidentSummary {
  incident: string;
  model: string;
  role: string;
  state: string;
  severity: string;
  summary: string;
  since: number;
  resolved_at: number | null;
  members: string[];
}

export interface AlertMember {
  feature: string;
  metric: string;
  definition: string;
  score: number;
  effect: number;
  threshold: number;
  p_value: number | null;
  since: number;
  window_start: number;
  window_end: number;
  baseline: string;
  n_current: number;
  n_baseline: number;
  explanation: string;
}

export interface Alert {
  episode: string;
  revision: number;
  state: string;
  monitor: string;
  version: string;
  role: string;
  segment: string;
  severity: string;
  since: number;
  as_of: number;
  reason: string;
  advice: string;
  members: AlertMember[];
}

export interface IncidentDetail extends IncidentSummary {
  alerts: Alert[];
  timeline: {
    episode: string;
    revision: number;
    state: string;
    as_of: number;
    written_at: number;
    reason: string;
    members: string[];
  }[];
  deliveries: {
    channel: string;
    action: string;
    dedup_key: string;
    attempt: number;
    status: number;
    state: string;
    reason: string;
    next_attempt_at: number;
  }[];
  sql: { title: string; statement: string }[];
}

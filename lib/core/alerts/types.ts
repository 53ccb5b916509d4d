/** Alert events as published on `driftline.alerts`, and what follows from them. See docs/alerts.md. */
export type AlertState = 'pending' | 'firing' | 'updated' | 'acknowledged' | 'resolved' | 'withdrawn' | 'unknown';
export type Severity = 'critical' | 'error' | 'warning' | 'info';

/** One feature of an alert: what moved, by how much, since when. */
export interface AlertMember {
  feature: string;
  metric: string;
  definition: string;
  score: number;
  /** What the threshold is compared with: Cramér's V for χ², a rate difference's size, PSI less its noise floor, else the score. */
  effect: number;
  threshold: number;
  pValue: number | null;
  /** First window of the run of breached windows, ms. */
  since: number;
  windowStart: number;
  windowEnd: number;
  baseline: string;
  nCurrent: number;
  nBaseline: number;
  /** One human sentence: what changed, from what to what. */
  explanation: string;
}

/** Identity of an alert: (monitor, model, version, role, segment). Its episode id is its key. */
export interface AlertEvent {
  episode: string;
  /** Rises by one with each published change of the episode; consumers ignore lower ones. */
  revision: number;
  state: AlertState;
  monitor: string;
  model: string;
  version: string;
  role: string;
  /** '' or NAME=VALUE */
  segment: string;
  severity: Severity;
  /** Start of the first breached window, ms. */
  since: number;
  /** Event time of the evidence behind this revision: the end of the latest evaluated window, ms. */
  asOf: number;
  /** null while pending; fixed once firing. */
  incident: string | null;
  members: AlertMember[];
  /** Why this revision was made. */
  reason: string;
  /** What to do: retrain, roll back, halt, or look. */
  advice: string;
}

export type IncidentState = 'open' | 'resolved' | 'withdrawn';

/** An incident as derived from its alerts' latest revisions. `incident` is PagerDuty's dedup key. */
export interface Incident {
  incident: string;
  model: string;
  role: string;
  state: IncidentState;
  severity: Severity;
  summary: string;
  since: number;
  resolvedAt: number | null;
  alerts: AlertEvent[];
}

export type NoticeAction = 'trigger' | 'resolve';

/** What a channel is asked to say about an incident. */
export interface IncidentNotice {
  action: NoticeAction;
  dedupKey: string;
  incident: Incident;
  /** The page that explains it. */
  url: string | null;
}

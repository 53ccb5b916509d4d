import type { Store } from '../../../lib/ports/store.ts';
import type { ScoreSeries } from '../schemas/models.ts';
import { type PointLength, recentWindows, VIEW_SUFFIX } from './recent.ts';

interface ScoreRow {
  monitor: string;
  version: string;
  role: string;
  feature: string;
  segment: string;
  metric: string;
  definition: string;
  baseline: string;
  severity: string;
  start_ms: number;
  end_ms: number;
  score: number | null;
  effect: number | null;
  p_value: number | null;
  threshold: number;
  breached: unknown;
  n_current: number;
  n_baseline: number;
  state: ScoreSeries['points'][number]['state'];
  revision: number;
  note: string;
}

export interface ScoreFilter {
  model: string;
  /** Absent: every column. */
  feature?: string;
  /** Absent: every segment. */
  segment?: string;
  /** Latest windows per series. */
  windows: number;
  /** 'window' by default; of an hour or day the points are its worst window's. */
  resolution?: PointLength;
}

/** Score series, one per (monitor, version, role, feature, segment, metric), points oldest first. */
export async function scoreSeries(store: Store, filter: ScoreFilter): Promise<ScoreSeries[]> {
  const length = filter.resolution ?? 'window';
  const recent = await recentWindows(store, filter.model, filter.windows, length);
  const where = [recent.sql];
  if (filter.feature !== undefined) where.push('feature = {feature:String}');
  if (filter.segment !== undefined) where.push('segment = {segment:String}');
  const rows = await store.query<ScoreRow>(
    `SELECT monitor, version, role, feature, segment, metric, definition, baseline, severity,
       toUnixTimestamp64Milli(window_start) AS start_ms, toUnixTimestamp64Milli(window_end) AS end_ms,
       score, effect, p_value, threshold, ${length === 'window' ? 'breached' : 'any_breached AS breached'}, n_current, n_baseline, state, revision, note
     FROM drift_scores${VIEW_SUFFIX[length]} AS w WHERE ${where.join(' AND ')}
     ORDER BY feature, metric, monitor, segment, version, role, window_start DESC
     LIMIT {windows:UInt32} BY feature, metric, monitor, segment, version, role`,
    { ...filter, ...recent.params },
  );
  return group(rows);
}

function group(rows: readonly ScoreRow[]): ScoreSeries[] {
  const series = new Map<string, ScoreSeries>();
  for (const row of rows) {
    const { monitor, version, role, feature, segment, metric, definition, baseline, severity } = row;
    const key = JSON.stringify([monitor, version, role, feature, segment, metric]);
    const entry = series.get(key) ?? {
      ...{ monitor, version, role, feature, segment, metric, definition, baseline, severity },
      points: [],
    };
    series.set(key, entry);
    entry.points.push(toPoint(row));
  }
  for (const entry of series.values()) entry.points.reverse();
  return [...series.values()];
}

function toPoint(row: ScoreRow): ScoreSeries['points'][number] {
  return {
    window_start: row.start_ms,
    window_end: row.end_ms,
    score: row.score,
    effect: row.effect,
    p_value: row.p_value,
    threshold: row.threshold,
    breached: Boolean(row.breached),
    n_current: row.n_current,
    n_baseline: row.n_baseline,
    state: row.state,
    revision: row.revision,
    note: row.note,
  };
}

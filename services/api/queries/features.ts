import type { SqlParams, Store } from '../../../lib/ports/store.ts';
import type { FeatureDetail } from '../schemas/features.ts';
import type { ModelDetail } from '../schemas/models.ts';
import { type PointLength, recentWindows, VIEW_SUFFIX } from './recent.ts';

interface LatestCounts {
  feature: string;
  start: number;
  end: number;
  count: number;
  missing: number;
  state: 'provisional' | 'complete' | 'revised';
}

/**
 * Columns seen, each with its latest window's counts (all segments together); of a column that the latest windows do not
 * have, those of its last day.
 */
export async function featureSummaries(store: Store, model: string): Promise<ModelDetail['features']> {
  const recent = await recentWindows(store, model, 1);
  const [windows, days] = await Promise.all([
    latestCounts(store, 'feature_stats', recent.sql, recent.params),
    latestCounts(store, 'feature_stats_daily', 'model = {model:String}', { model }),
  ]);
  const known = new Set(windows.map(({ feature }) => feature));
  const rows = [...windows, ...days.filter(({ feature }) => !known.has(feature))];
  rows.sort((a, b) => (a.feature < b.feature ? -1 : 1));
  return rows.map(({ feature, count, missing, ...row }) => ({
    feature,
    latest: { ...row, count, missing_rate: count > 0 ? missing / count : null },
  }));
}

function latestCounts(store: Store, view: string, where: string, params: SqlParams): Promise<LatestCounts[]> {
  return store.query(
    `SELECT feature, toUnixTimestamp64Milli(w.window_start) AS start, toUnixTimestamp64Milli(w.window_end) AS end, count,
       missing, state
     FROM ${view} AS w WHERE ${where} AND segment = '' AND feature != ''
     ORDER BY feature, w.window_start DESC LIMIT 1 BY feature`,
    params,
  );
}

/** Counts and moments of one column's latest windows, oldest first. */
export async function featureStats(
  store: Store,
  key: { model: string; feature: string; segment: string; windows: number; resolution?: PointLength },
): Promise<FeatureDetail['stats']> {
  const length = key.resolution ?? 'window';
  const recent = await recentWindows(store, key.model, key.windows, length);
  const rows = await store.query<FeatureDetail['stats'][number]>(
    `SELECT version, role, toUnixTimestamp64Milli(w.window_start) AS window_start, toUnixTimestamp64Milli(w.window_end) AS window_end,
       count, missing, \`nan\`, infinite, wrong_type, mean, stddev, min, max, state, revision
     FROM feature_stats${VIEW_SUFFIX[length]} AS w
     WHERE ${recent.sql} AND feature = {feature:String} AND segment = {segment:String}
     ORDER BY w.window_start DESC, version, role LIMIT {windows:UInt32}`,
    { ...key, ...recent.params },
  );
  return rows.reverse();
}

import type { Store } from '../../../lib/ports/store.ts';
import type { FeatureDetail } from '../schemas/features.ts';
import type { ModelDetail } from '../schemas/models.ts';

/** Columns seen or tested, each with its latest window's counts (all segments together). */
export async function featureSummaries(store: Store, model: string): Promise<ModelDetail['features']> {
  const rows = await store.query<{
    feature: string;
    start: number;
    end: number;
    count: number;
    missing: number;
    state: 'provisional' | 'complete' | 'revised';
  }>(
    `SELECT feature, toUnixTimestamp64Milli(window_start) AS start, toUnixTimestamp64Milli(window_end) AS end, count, missing, state
     FROM feature_stats WHERE model = {model:String} AND segment = '' AND feature != ''
     ORDER BY feature, window_start DESC LIMIT 1 BY feature`,
    { model },
  );
  return rows.map(({ feature, count, missing, ...row }) => ({
    feature,
    latest: { ...row, count, missing_rate: count > 0 ? missing / count : null },
  }));
}

/** Counts and moments of one column's latest windows, oldest first. */
export async function featureStats(
  store: Store,
  key: { model: string; feature: string; segment: string; windows: number },
): Promise<FeatureDetail['stats']> {
  const rows = await store.query<FeatureDetail['stats'][number]>(
    `SELECT version, role, toUnixTimestamp64Milli(f.window_start) AS window_start, toUnixTimestamp64Milli(f.window_end) AS window_end,
       count, missing, \`nan\`, infinite, wrong_type, mean, stddev, min, max, state, revision
     FROM feature_stats AS f
     WHERE model = {model:String} AND feature = {feature:String} AND segment = {segment:String}
     ORDER BY f.window_start DESC, version, role LIMIT {windows:UInt32}`,
    key,
  );
  return rows.reverse();
}

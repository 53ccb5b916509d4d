import type { Store } from '../../lib/ports/store.ts';
import { compareDistributions } from './distribution.ts';
import { baselineDistribution, sealedDistribution, type WindowChoice } from './queries/distribution.ts';
import { featureStats } from './queries/features.ts';
import { registeredModels } from './queries/models.ts';
import type { PointLength } from './queries/recent.ts';
import { scoreSeries } from './queries/scores.ts';
import type { FeatureDetail } from './schemas/features.ts';

export type FeatureRequest = WindowChoice & { windows: number; baseline?: string; resolution?: PointLength };

/** One column's scores, counts and distributions; null where nothing is known of it. */
export async function featureDetail(store: Store, request: FeatureRequest): Promise<FeatureDetail | null> {
  const { model, feature, segment, windows } = request;
  const key = { model, feature, segment, windows, resolution: request.resolution ?? 'window' };
  const [series, stats, sealed] = await Promise.all([
    scoreSeries(store, key),
    featureStats(store, key),
    sealedDistribution(store, request),
  ]);
  const baseline =
    request.baseline ?? latestBaseline(series) ?? (await registeredModels(store, model))[0]?.reference ?? '';
  const reference = baseline === '' ? null : await baselineDistribution(store, model, baseline, feature);
  if (series.length === 0 && stats.length === 0 && reference === null) return null;
  const distribution = compareDistributions(reference, sealed?.side ?? null);
  return { model, feature, segment, series, stats, window: sealed?.window ?? null, distribution };
}

function latestBaseline(series: FeatureDetail['series']): string | undefined {
  const end = (entry: FeatureDetail['series'][number]): number => entry.points.at(-1)?.window_end ?? 0;
  return [...series].sort((a, b) => end(b) - end(a))[0]?.baseline;
}

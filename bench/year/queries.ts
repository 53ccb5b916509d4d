import type { Store } from '../../lib/ports/store.ts';
import { featureDetail } from '../../services/api/feature-detail.ts';
import { modelDetail, modelSummaries } from '../../services/api/model-summary.ts';
import { monitorStatuses } from '../../services/api/queries/alerts.ts';
import { scoreSeries } from '../../services/api/queries/scores.ts';
import { END_S } from './fill.ts';

const at = (secondsBefore: number) => `toDateTime64(${END_S - secondsBefore}, 3, 'UTC')`;
const DAY = 86_400;

/** What the page asks, through the API's own functions, and what a person types on the documented views. */
export function yearQueries(store: Store): [what: string, run: () => Promise<number>][] {
  const sql = (text: string) => async () => (await store.query(text)).length;
  return [
    [
      'a week of hourly scores of 200 features',
      sql(`SELECT feature, window_start, score, mean_score, breached_windows FROM drift_scores_hourly
           WHERE model = 'm00' AND segment = '' AND window_start >= ${at(7 * DAY)} ORDER BY feature, window_start`),
    ],
    [
      'quantiles of one feature over 30 days, hourly',
      sql(`SELECT window_start, q, value FROM feature_quantiles_hourly
           WHERE model = 'm05' AND feature = 'f003' AND window_start >= ${at(30 * DAY)} ORDER BY window_start, q`),
    ],
    [
      'quantiles of one feature over 30 days, daily',
      sql(`SELECT window_start, q, value FROM feature_quantiles_daily
           WHERE model = 'm05' AND feature = 'f003' AND window_start >= ${at(30 * DAY)} ORDER BY window_start, q`),
    ],
    [
      'quantiles of one feature over the year, daily',
      sql(`SELECT window_start, q, value FROM feature_quantiles_daily WHERE model = 'm05' AND feature = 'f003'`),
    ],
    [
      'top drifting segments now (last 10 minutes, all models)',
      sql(`SELECT model, feature, segment, metric, score, threshold FROM drift_scores
           WHERE segment != '' AND window_start >= ${at(600)} ORDER BY effect / threshold DESC LIMIT 20`),
    ],
    [
      'top drifting segments of the day, by the hour',
      sql(`SELECT model, feature, segment, max(effect / threshold) AS worst, sum(breached_windows) FROM drift_scores_hourly
           WHERE segment != '' AND window_start >= ${at(DAY)} GROUP BY ALL ORDER BY worst DESC LIMIT 20`),
    ],
    [
      'scores of one feature over a year, daily',
      sql(`SELECT window_start, score, mean_score FROM drift_scores_daily WHERE model = 'm05' AND feature = 'f003'`),
    ],
    [
      'an incident: minute scores of three columns over 14 days',
      sql(`SELECT window_start, feature, segment, metric, score, effect, threshold, breached FROM drift_scores
           WHERE model = 'm05' AND role = 'champion' AND feature IN ('f003', 'f004', 'f005') AND window_start >= ${at(14 * DAY)}
           ORDER BY feature, segment, metric, window_start`),
    ],
    [
      'an incident: its columns over 14 days, hourly',
      sql(`SELECT window_start, feature, segment, metric, score, effect, threshold, breached_windows FROM drift_scores_hourly
           WHERE model = 'm05' AND role = 'champion' AND feature IN ('f003', 'f004', 'f005') AND window_start >= ${at(14 * DAY)}
           ORDER BY feature, segment, metric, window_start`),
    ],
    [
      'events by the hour of all models over a week',
      sql(`SELECT model, window_start, events, errors FROM operations_hourly WHERE window_start >= ${at(7 * DAY)}`),
    ],
    ['page: all models', async () => (await modelSummaries(store, null)).length],
    ['page: a model of 200 columns', async () => (await modelDetail(store, 'm00'))?.features.length ?? 0],
    [
      'page: score series of 200 columns, 40 windows each',
      async () => (await scoreSeries(store, { model: 'm00', windows: 40 })).length,
    ],
    [
      'page: one column, 120 windows',
      async () =>
        (await featureDetail(store, { model: 'm00', feature: 'f007', segment: '', windows: 120 }))?.stats.length ?? 0,
    ],
    ['page: monitors', async () => (await monitorStatuses(store)).length],
  ];
}

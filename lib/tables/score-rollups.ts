import type { Resolution } from '../core/windows/periods.ts';
import type { Row, Store } from '../ports/store.ts';
import type { WindowRef } from './ledger.ts';
import { sqlTime } from './time.ts';

/** Periods of the model with scores that are not in their rows yet, earliest first. */
export async function pendingScorePeriods(store: Store, model: string, resolution: Resolution): Promise<WindowRef[]> {
  return store.query(
    `SELECT version, role, toUnixTimestamp64Milli(period_start) AS start, toUnixTimestamp64Milli(period_end) AS end
     FROM (
       SELECT version, role, period_start, period_end, sum(covered) AS total
       FROM (${partsOf(resolution, 'version, role, covered', '1')})
       GROUP BY version, role, period_start, period_end) AS parts
     LEFT JOIN (
       SELECT version, role, window_start AS period_start, window_end AS period_end, sum(covered) AS total
       FROM score_${resolution}_rows FINAL WHERE model = {model:String}
       GROUP BY version, role, period_start, period_end) AS stored
     USING (version, role, period_start, period_end)
     WHERE parts.total > stored.total
     ORDER BY start, end, version, role`,
    { model },
  );
}

/**
 * Writes the scores of a period from those of its windows as they are now, all in SQL. Doing it again changes nothing; rows
 * of fewer windows lose by their version.
 */
export async function rollUpScores(
  store: Store,
  model: string,
  resolution: Resolution,
  { version, role, start, end }: WindowRef,
): Promise<void> {
  const params: Row = { model, version, role, start: sqlTime(start), end: sqlTime(end) };
  await store.command(
    `INSERT INTO score_${resolution}_rows (${KEY}, version, role, window_start, window_end, ${resolution === 'hour' ? 'day_start, day_end, ' : ''}
       baseline, definition, severity, windows, scored, breached, worst_start, score, effect, p_value, threshold, n_current,
       n_baseline, note, score_sum, effect_sum, state, revision, covered)
     SELECT ${KEY}, version, role, period_start, period_end, ${resolution === 'hour' ? 'day.1, day.2,' : ''}
       latest.1, latest.2, latest.3, all_windows, all_scored, all_breached, worst.1, worst.2, worst.3, worst.4, worst.5,
       worst.6, worst.7, worst.8, all_scores, all_effects, any_state, revisions, coverage
     FROM (${merged(resolution)})`,
    params,
  );
}

const KEY = 'model, monitor, feature, segment, metric';

const WITHIN = `version = {version:String} AND role = {role:String}
  AND window_start >= toDateTime64({start:String}, 3, 'UTC') AND window_start < toDateTime64({end:String}, 3, 'UTC')
  AND period_start = toDateTime64({start:String}, 3, 'UTC') AND period_end = toDateTime64({end:String}, 3, 'UTC')`;

/** Sums of doubles go in the order of the windows, so that the same windows give the same bits. */
function merged(resolution: Resolution): string {
  const columns = `${KEY}, version, role, window_start, baseline, definition, severity, score, effect, p_value, threshold,
    n_current, n_baseline, note, state, revision, covered`;
  // Windows with a score before those without, then the furthest beyond its threshold, then the earliest.
  const rank = `(scored > 0, if(threshold > 0, coalesce(effect, 0) / threshold, coalesce(effect, 0)),
    if(scored > 0, -1, 1) * toUnixTimestamp64Milli(worst_start))`;
  return `SELECT ${KEY}, version, role, period_start, period_end,
      argMin((part_day, part_day_end), (window_start, part_day)) AS day,
      argMax((baseline, definition, severity), window_start) AS latest,
      sum(windows) AS all_windows, sum(scored) AS all_scored, sum(breached) AS all_breached,
      argMax((worst_start, score, effect, p_value, threshold, n_current, n_baseline, note), ${rank}) AS worst,
      arraySum(p -> p.2, arraySort(groupArray((window_start, score_sum)))) AS all_scores,
      arraySum(p -> p.2, arraySort(groupArray((window_start, effect_sum)))) AS all_effects,
      if(max(state = 'revised'), 'revised', 'complete') AS any_state, sum(revision) AS revisions, sum(covered) AS coverage
    FROM (${partsOf(resolution, columns, WITHIN)})
    GROUP BY ${KEY}, version, role, period_start, period_end`;
}

/** As for sketches: an hour is made of windows; a day of hours, and of windows too long for an hour. */
function partsOf(resolution: Resolution, columns: string, where: string): string {
  const window = `${columns}, breached, 1 AS windows, toUInt32(isNotNull(score)) AS scored, window_start AS worst_start,
    coalesce(score, 0) AS score_sum, coalesce(effect, 0) AS effect_sum`;
  const days = 'day_start AS part_day, day_end AS part_day_end';
  if (resolution === 'hour') {
    return `SELECT hour_start AS period_start, hour_end AS period_end, ${days}, ${window} FROM score_window_rows FINAL
      WHERE model = {model:String} AND hour_start < hour_end AND ${where}`;
  }
  const periods = `day_start AS period_start, day_end AS period_end, ${days}`;
  return `SELECT ${periods}, ${columns}, breached, windows, scored, worst_start, score_sum, effect_sum FROM score_hour_rows FINAL
      WHERE model = {model:String} AND day_start < day_end AND ${where}
    UNION ALL
    SELECT ${periods}, ${window} FROM score_window_rows FINAL
      WHERE model = {model:String} AND hour_start = hour_end AND day_start < day_end AND ${where}`;
}

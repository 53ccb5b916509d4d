import type { Score } from '../core/detection/types.ts';
import type { JudgedScore } from '../core/detection/verdict.ts';
import type { Row, Store } from '../ports/store.ts';
import type { WindowRef } from './ledger.ts';
import { periodBounds } from './periods.ts';
import { sqlTime } from './time.ts';

/** What of a score an alert's history is made of. */
export type StoredScore = JudgedScore & WindowRef & { monitor: string; segment: string };

/**
 * Writes scores in one insert; those of an older coverage of a window lose by their version. `timezoneOf`: of the window, as
 * it was sealed.
 */
export async function insertScores(
  store: Store,
  scores: readonly Score[],
  timezoneOf: (score: Score) => string,
): Promise<void> {
  await store.insert(
    'score_window_rows',
    scores.map((score) => ({ ...rowOf(score), ...periodBounds(score.window, timezoneOf(score)) })),
  );
}

/** Starts (ms, ascending) of the last scored windows of each (version, role) of the model, at most `windows` of each. */
export async function scoredReach(
  store: Store,
  model: string,
  windows: number,
): Promise<{ version: string; role: string; starts: number[] }[]> {
  return store.query(
    `SELECT version, role, arraySort(groupArray(toUnixTimestamp64Milli(window_start))) AS starts
     FROM (SELECT DISTINCT version, role, window_start FROM score_window_rows WHERE model = {model:String}
           ORDER BY window_start DESC LIMIT {windows:UInt32} BY version, role)
     GROUP BY version, role ORDER BY version, role`,
    { model, windows },
  );
}

/** Latest scores of one (version, role) of the model for windows that start at or after `since` (ms), in time order. */
export async function readScores(
  store: Store,
  model: string,
  version: string,
  role: string,
  since: number,
): Promise<StoredScore[]> {
  const rows = await store.query<Omit<StoredScore, 'breached'> & { breached: number }>(
    `SELECT monitor, version, role, feature, segment, metric, baseline, definition, score, effect, p_value AS pValue, threshold,
       breached, n_current AS nCurrent, n_baseline AS nBaseline,
       toUnixTimestamp64Milli(window_start) AS start, toUnixTimestamp64Milli(window_end) AS end
     FROM score_window_rows FINAL
     WHERE model = {model:String} AND version = {version:String} AND role = {role:String}
       AND window_start >= toDateTime64({since:String}, 3, 'UTC')
     ORDER BY window_start, window_end, monitor, segment, feature, metric`,
    { model, version, role, since: sqlTime(since) },
  );
  return rows.map((row) => ({ ...row, breached: row.breached === 1 }));
}

function rowOf(score: Score): Row {
  return {
    model: score.model,
    monitor: score.monitor,
    version: score.version,
    role: score.role,
    feature: score.feature,
    segment: score.segment,
    metric: score.metric,
    window_start: sqlTime(score.window.start),
    window_end: sqlTime(score.window.end),
    baseline: score.baseline,
    definition: score.definition,
    score: score.score,
    effect: score.effect,
    p_value: score.pValue,
    threshold: score.threshold,
    breached: score.breached ? 1 : 0,
    severity: score.severity,
    n_current: score.nCurrent,
    n_baseline: score.nBaseline,
    note: score.note,
    state: score.state,
    revision: score.revision,
    covered: score.covered,
  };
}

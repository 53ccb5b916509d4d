import type { Score } from '../core/detection/types.ts';
import type { JudgedScore } from '../core/detection/verdict.ts';
import { blocksOf, FLOAT64, NativeBlock, TEXT, TIME, UINT8, UINT64 } from '../core/sql/native.ts';
import type { TimeWindow } from '../core/windows/types.ts';
import type { Store } from '../ports/store.ts';
import type { WindowRef } from './ledger.ts';
import { PERIOD_TIMES, type PeriodTimes, periodTimes } from './periods.ts';
import { each } from './sketch-block.ts';
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
  const rows = blocksOf(scores, () => new ScoreBlock(timezoneOf));
  await store.insertNative('score_window_rows', SCORE_COLUMNS, rows);
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

const NAMES = [
  'model',
  'monitor',
  'version',
  'role',
  'feature',
  'segment',
  'metric',
  'baseline',
  'definition',
] as const;
const TEXTS = [...NAMES, 'severity', 'note', 'state'] as const;
const TIMES = ['window_start', 'window_end', ...PERIOD_TIMES] as const;

/** Rows for score_window_rows. */
class ScoreBlock {
  readonly block = new NativeBlock();
  readonly #texts = each(TEXTS, (name) => this.block.values(name, TEXT));
  readonly #times = each(TIMES, (name) => this.block.values(name, TIME));
  readonly #found = each(['score', 'effect', 'p_value'] as const, (name) => this.block.nullables(name, FLOAT64));
  readonly #threshold = this.block.values('threshold', FLOAT64);
  readonly #breached = this.block.values('breached', UINT8);
  readonly #counts = each(['n_current', 'n_baseline', 'revision', 'covered'] as const, (name) =>
    this.block.values(name, UINT64),
  );
  readonly #timezoneOf: (score: Score) => string;
  /** Of the score before: many are of one window. */
  #window: TimeWindow | null = null;
  #periods: PeriodTimes | null = null;

  constructor(timezoneOf: (score: Score) => string) {
    this.#timezoneOf = timezoneOf;
  }

  add(score: Score): void {
    for (const name of TEXTS) this.#texts[name].add(score[name]);
    const { start, end } = score.window;
    if (score.window !== this.#window) this.#periods = periodTimes(score.window, this.#timezoneOf(score));
    this.#window = score.window;
    const times = { window_start: start, window_end: end, ...this.#periods! };
    for (const name of TIMES) this.#times[name].add(times[name]);
    this.#found.score.add(score.score);
    this.#found.effect.add(score.effect);
    this.#found.p_value.add(score.pValue);
    this.#threshold.add(score.threshold);
    this.#breached.add(score.breached ? 1 : 0);
    this.#counts.n_current.add(score.nCurrent);
    this.#counts.n_baseline.add(score.nBaseline);
    this.#counts.revision.add(score.revision);
    this.#counts.covered.add(score.covered);
  }
}

const SCORE_COLUMNS = new ScoreBlock(() => 'UTC').block.names;

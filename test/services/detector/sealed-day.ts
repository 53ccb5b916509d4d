import type { Score, SealedColumn, SealedWindow } from '../../../lib/core/detection/types.ts';
import { categoricalFromCounts } from '../../../lib/core/sketch/categorical.ts';
import { sketchNumeric } from '../../../lib/core/sketch/numeric.ts';
import type { FeatureSketch } from '../../../lib/core/sketch/types.ts';
import type { Store } from '../../../lib/ports/store.ts';
import { pendingPeriods } from '../../../lib/tables/rollups.ts';
import { pendingScorePeriods } from '../../../lib/tables/score-rollups.ts';
import { insertScores } from '../../../lib/tables/scores.ts';
import { insertSealed } from '../../../lib/tables/sealed.ts';
import { rollUp } from '../../../services/detector/roll-up.ts';
import { generator } from '../../support/generator.ts';

export const MINUTE = 60_000;
export const ZONE = 'Asia/Kolkata';
/** 20 October 2026, 00:00 in Kolkata. */
export const DAY = Date.UTC(2026, 9, 19, 18, 30);
export const KEY = { version: '1', role: 'champion' };
export const TABLES = [
  'window_rows',
  'score_window_rows',
  'hour_rows',
  'day_rows',
  'score_hour_rows',
  'score_day_rows',
];
export const never = new AbortController().signal;

/** A sealed window, and the numbers it was made of. */
export interface Made {
  window: SealedWindow;
  amounts: Float64Array;
}

const counts = (count: number, missing: number) => ({ count, missing, nan: 0, infinite: 0, wrongType: 0 });

function column(feature: string, segment: string, rest: Partial<SealedColumn>): SealedColumn {
  return { feature, segment, count: 0, errors: 0, kind: '', sketch: null, grid: null, note: '', ...rest };
}

/** A window of `n` events: a number, a category, a segment counted on a grid. */
export function makeWindow(start: number, minutes: number, n: number, next: () => number, covered: number): Made {
  const amounts = Float64Array.from({ length: n }, () => Math.exp(3 * next()) * (next() < 0.1 ? 0 : 1));
  const numeric: FeatureSketch = { ...counts(n + 1, 1), kind: 'numeric', numeric: sketchNumeric(amounts, n) };
  const colours = new Map([
    ['red', Math.floor((n / 2) * next())],
    ['blue', 1 + Math.floor(9 * next())],
  ]);
  const categorical = categoricalFromCounts(colours);
  const east = Math.floor(n / 2);
  const grid = { ...counts(east, 0), n: east, cells: [0, 3], counts: [1, east - 1] };
  const columns = [
    column('', '', { count: n + 1, errors: 2 }),
    column('amount', '', { count: n + 1, kind: 'numeric', sketch: numeric }),
    column('', 'region=east', { count: east, errors: 1 }),
    column('amount', 'region=east', { count: east, kind: 'numeric', grid }),
  ];
  // A column that only some windows know.
  if (covered % 2 === 0) {
    const sketch: FeatureSketch = { ...counts(n + 1, n + 1 - categorical.n), kind: 'categorical', categorical };
    columns.push(column('colour', '', { count: n + 1, kind: 'categorical', sketch }));
  }
  const window = {
    ...{ model: 'm', ...KEY, window: { start, end: start + minutes * MINUTE }, events: n + 1, covered },
    ...{ coverage: [], specIds: ['s'], columns },
  };
  return { window, amounts };
}

function scoresOf(
  { window: { window, covered, ...rest } }: Made,
  state: 'complete' | 'revised',
  value: number | null,
): Score[] {
  return [
    {
      ...{
        model: 'm',
        monitor: 'drift',
        ...KEY,
        feature: 'amount',
        segment: '',
        metric: 'psi',
        window,
        baseline: 'ref',
      },
      ...{ definition: 'psi/quantile10@1', score: value, effect: value === null ? null : value - 0.01, pValue: null },
      ...{ threshold: 0.1, breached: value !== null && value > 0.11, severity: 'error', nCurrent: rest.events },
      ...{
        nBaseline: 9,
        note: value === null ? 'not enough data' : '',
        state,
        revision: state === 'revised' ? 1 : 0,
        covered,
      },
    },
  ];
}

export async function seal(
  store: Store,
  made: readonly Made[],
  timezone: string,
  state: 'complete' | 'revised',
  grid = 'g',
): Promise<void> {
  const sealed = { state, revision: state === 'revised' ? 1 : 0 };
  await insertSealed(
    store,
    made.map(({ window }) => ({ window, sealed, timezone })),
    () => grid,
  );
  const scores = made.flatMap((each, i) => scoresOf(each, state, i % 7 === 0 ? null : (i % 60) / 300));
  await insertScores(store, scores, () => timezone);
}

/** Rolls up everything that is pending, hours first, as a detector does after its start. */
export async function rollUpAll(store: Store): Promise<number> {
  let done = 0;
  for (const resolution of ['hour', 'day'] as const) {
    const found = [
      ...(await pendingPeriods(store, 'm', resolution)),
      ...(await pendingScorePeriods(store, 'm', resolution)),
    ];
    const periods = new Map(
      found.map(({ version, role, start, end }) => [`${start}-${end}-${version}`, { version, role, start, end }]),
    );
    for (const period of periods.values()) await rollUp(store, 'm', resolution, period, never);
    done += periods.size;
  }
  return done;
}

/** A day of windows of so many minutes. */
export function aDay(seed: number, minutes = 1): Made[] {
  const next = generator(seed);
  return Array.from({ length: 1440 / minutes }, (_, i) =>
    makeWindow(DAY + i * minutes * MINUTE, minutes, 20 + Math.floor(30 * next()), next, 100 + i),
  );
}

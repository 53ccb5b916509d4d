import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Score, SealedColumn, SealedWindow } from '../../../lib/core/detection/types.ts';
import { categoricalFromCounts } from '../../../lib/core/sketch/categorical.ts';
import { cdfAtOrBelow, sketchNumeric } from '../../../lib/core/sketch/numeric.ts';
import type { FeatureSketch } from '../../../lib/core/sketch/types.ts';
import { periodOf, type Resolution } from '../../../lib/core/windows/periods.ts';
import { windowOf } from '../../../lib/core/windows/windows.ts';
import type { Store } from '../../../lib/ports/store.ts';
import { pendingPeriods } from '../../../lib/tables/rollups.ts';
import { pendingScorePeriods } from '../../../lib/tables/score-rollups.ts';
import { insertScores } from '../../../lib/tables/scores.ts';
import { insertSealed } from '../../../lib/tables/sealed.ts';
import { type SketchColumns, sketchFromColumns } from '../../../lib/tables/sketch-columns.ts';
import { featureStats } from '../../../services/api/queries/features.ts';
import { scoreSeries } from '../../../services/api/queries/scores.ts';
import { rollUp } from '../../../services/detector/roll-up.ts';
import { StoreRoom } from '../../support/store-room.ts';

const MINUTE = 60_000;
const ZONE = 'Asia/Kolkata';
/** 20 October 2026, 00:00 in Kolkata. */
const DAY = Date.UTC(2026, 9, 19, 18, 30);
const KEY = { version: '1', role: 'champion' };
const never = new AbortController().signal;

const room = new StoreRoom('roll-up', [
  'window_rows',
  'score_window_rows',
  'hour_rows',
  'day_rows',
  'score_hour_rows',
  'score_day_rows',
]);
before(() => room.open());
after(() => room.close());

/** mulberry32 */
function random(seed: number): () => number {
  let a = seed;
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

interface Made {
  window: SealedWindow;
  amounts: Float64Array;
}

const counts = (count: number, missing: number) => ({ count, missing, nan: 0, infinite: 0, wrongType: 0 });

function column(feature: string, segment: string, rest: Partial<SealedColumn>): SealedColumn {
  return { feature, segment, count: 0, errors: 0, kind: '', sketch: null, grid: null, note: '', ...rest };
}

/** A window of `n` events: a number, a category, a segment counted on a grid. */
function makeWindow(start: number, minutes: number, n: number, next: () => number, covered: number): Made {
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

async function seal(
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
async function rollUpAll(store: Store): Promise<number> {
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
function aDay(seed: number, minutes = 1): Made[] {
  const next = random(seed);
  return Array.from({ length: 1440 / minutes }, (_, i) =>
    makeWindow(DAY + i * minutes * MINUTE, minutes, 20 + Math.floor(30 * next()), next, 100 + i),
  );
}

/** The largest distance of the stored CDF from the exact one. */
function errorOf(row: SketchColumns, exact: Float64Array): number {
  const sketch = sketchFromColumns(row);
  assert.equal(sketch.kind, 'numeric');
  if (sketch.kind !== 'numeric') return 1;
  let worst = 0;
  exact.forEach((value, i) => {
    if (exact[i + 1] === value) return;
    worst = Math.max(worst, Math.abs(cdfAtOrBelow(sketch.numeric, value) - i - 1) / exact.length);
  });
  return worst;
}

const inPeriod = (made: readonly Made[], resolution: Resolution, start: number): Made[] =>
  made.filter(({ window }) => periodOf(window.window, resolution, ZONE)!.start === start);

describe('hours and days', () => {
  it('are what their windows are, in the time zone of the model', async () => {
    const { store } = await room.fresh();
    const made = aDay(1);
    await seal(store, made, ZONE, 'complete');
    assert.equal(await rollUpAll(store), 25);
    assert.equal(await rollUpAll(store), 0);
    for (const resolution of ['hour', 'day'] as const) {
      const rows = await store.query<Record<string, never>>(
        `SELECT *, toUnixTimestamp64Milli(window_start) AS start FROM ${resolution}_rows FINAL ORDER BY window_start`,
      );
      const starts = [...new Set(rows.map(({ start }) => start))];
      assert.equal(starts.length, resolution === 'hour' ? 24 : 1);
      assert.deepEqual(
        starts[0],
        windowOf(DAY, { lengthMs: resolution === 'hour' ? 3_600_000 : 86_400_000, timezone: ZONE }).start,
      );
      for (const start of starts) {
        const own = inPeriod(made, resolution, start);
        const find = (feature: string, segment: string) =>
          rows.find((row) => row.start === start && row.feature === feature && row.segment === segment)! as Record<
            string,
            unknown
          >;
        const events = own.reduce((sum, { window }) => sum + window.events, 0);
        const head = find('', '');
        assert.deepEqual(
          [head.count, head.errors, head.windows, head.state, head.revision],
          [events, 2 * own.length, own.length, 'complete', 0],
        );
        const amount = find('amount', '') as unknown as SketchColumns;
        const exact = Float64Array.from(own.flatMap(({ amounts }) => [...amounts])).sort();
        assert.deepEqual([amount.count, amount.missing, amount.n], [events, own.length, exact.length]);
        assert.deepEqual([amount.min, amount.max], [exact[0], exact.at(-1)]);
        const mean = exact.reduce((a, b) => a + b, 0) / exact.length;
        assert.ok(Math.abs(amount.mean - mean) < 1e-9 * mean);
        const m2 = exact.reduce((a, b) => a + (b - mean) ** 2, 0);
        assert.ok(Math.abs(amount.m2 - m2) < 1e-9 * m2);
        assert.ok(errorOf(amount, exact) <= (resolution === 'hour' ? 1 / exact.length + 1e-12 : 0.001));
        const colour = find('colour', '');
        const knowing = own.filter(({ window }) => window.columns.length === 5);
        const reds = knowing
          .map(({ window }) => window.columns[4]!.sketch!)
          .flatMap((s) => (s.kind === 'numeric' ? [] : [s.categorical]));
        const red = reds.reduce((sum, { values, counts: c }) => sum + (c[values.indexOf('red')] ?? 0), 0);
        assert.deepEqual([colour.count, (colour.category_counts as number[])[1]], [events, red]);
        const east = find('amount', 'region=east');
        const halves = own.map(({ amounts }) => Math.floor(amounts.length / 2));
        assert.deepEqual(
          [east.cells, east.cell_counts],
          [
            [0, 3],
            [own.length, halves.reduce((a, b) => a + b, 0) - own.length],
          ],
        );
        assert.equal(find('', 'region=east').errors, own.length);
      }
    }
  });
});

describe('hours and days, made again', () => {
  const heads = (store: Store, resolution: Resolution) =>
    store.query<{
      start: number;
      end: number;
      windows: number;
      events: number;
      state: string;
      revision: number;
      covered: number;
    }>(
      `SELECT toUnixTimestamp64Milli(window_start) AS start, toUnixTimestamp64Milli(window_end) AS end, windows,
         count AS events, state, revision, covered
       FROM ${resolution}_rows FINAL WHERE feature = '' AND segment = '' ORDER BY start, end`,
    );
  const everything = (store: Store) =>
    Promise.all(
      ['hour_rows', 'day_rows', 'score_hour_rows', 'score_day_rows'].map((table) =>
        store.query(
          `SELECT * EXCEPT (${table.startsWith('score') ? 'computed_at' : 'ingested_at'}) FROM ${table} FINAL ORDER BY ALL`,
        ),
      ),
    );

  it('by two at once, or out of turn, come to the same bytes', async () => {
    const { store } = await room.fresh();
    const made = aDay(2).slice(0, 150);
    await seal(store, made, ZONE, 'complete');
    await Promise.all([rollUpAll(store), rollUpAll(store)]);
    await rollUpAll(store);
    const first = await everything(store);
    assert.deepEqual(
      first.map((rows) => rows.length > 0),
      [true, true, true, true],
    );
    for (const resolution of ['day', 'hour'] as const) {
      for (const head of await heads(store, resolution))
        await rollUp(store, 'm', resolution, { ...KEY, ...head }, never);
    }
    assert.deepEqual(await everything(store), first);
  });

  it('follow a revised window, and never less than they have seen', async () => {
    const { store } = await room.fresh();
    const made = aDay(3).slice(0, 120);
    await seal(store, made, ZONE, 'complete');
    await rollUpAll(store);
    const before = await heads(store, 'hour');
    const { window } = made[70]!.window;
    const later = makeWindow(window.start, 1, 99, random(9), 50_000);
    await seal(store, [later], ZONE, 'revised');
    assert.equal(await rollUpAll(store), 2);
    const after_ = await heads(store, 'hour');
    assert.deepEqual(after_[0], before[0]);
    assert.deepEqual(
      [after_[1]!.windows, after_[1]!.events, after_[1]!.state, after_[1]!.revision],
      [60, before[1]!.events - made[70]!.window.events + later.window.events, 'revised', 1],
    );
    const [day] = await heads(store, 'day');
    assert.deepEqual([day!.events, day!.windows, day!.revision], [before[0]!.events + after_[1]!.events, 120, 1]);
    // Retention takes the windows: what they came to stays.
    await store.command('TRUNCATE TABLE window_rows');
    await store.command('TRUNCATE TABLE score_window_rows');
    const kept = await everything(store);
    assert.equal(await rollUpAll(store), 0);
    await rollUp(store, 'm', 'hour', { ...KEY, ...after_[1]! }, never);
    assert.deepEqual(await everything(store), kept);
  });

  it('count each window once where the time zone of the model changes', async () => {
    const { store } = await room.fresh();
    const made = aDay(4, 10);
    await seal(store, made.slice(0, 70), ZONE, 'complete');
    await seal(store, made.slice(70), 'Europe/Berlin', 'complete');
    await rollUpAll(store);
    const events = made.reduce((sum, { window }) => sum + window.events, 0);
    for (const resolution of ['hour', 'day'] as const) {
      const rows = await heads(store, resolution);
      assert.equal(
        rows.reduce((sum, row) => sum + row.events, 0),
        events,
      );
      assert.equal(
        rows.reduce((sum, row) => sum + row.windows, 0),
        144,
      );
    }
  });

  it('have days of 23 and 25 hours where the clocks change', async () => {
    for (const [date, hours] of [
      [Date.UTC(2026, 2, 28, 23), 23],
      [Date.UTC(2026, 9, 24, 22), 25],
    ] as const) {
      const { store } = await room.fresh();
      const next = random(5);
      const made = Array.from({ length: 26 }, (_, i) => makeWindow(date + i * 60 * MINUTE, 60, 30, next, 10 + i));
      await seal(store, made, 'Europe/Berlin', 'complete');
      await rollUpAll(store);
      const days = await heads(store, 'day');
      assert.deepEqual(
        days.map(({ start, end, windows }) => [(end - start) / (60 * MINUTE), windows]),
        [
          [hours, hours],
          [24, 26 - hours],
        ],
      );
      assert.equal(days[0]!.start, date);
    }
  });

  it('leave out what cannot be added up: a segment whose grid changed', async () => {
    const { store } = await room.fresh();
    const made = aDay(6).slice(0, 120);
    await seal(store, made.slice(0, 90), ZONE, 'complete', 'old grid');
    await seal(store, made.slice(90), ZONE, 'complete', 'new grid');
    await rollUpAll(store);
    const rows = await store.query(
      `SELECT note, length(cells) AS cells, count > 0 AS counted FROM hour_rows FINAL WHERE feature = 'amount' AND segment != '' ORDER BY window_start`,
    );
    assert.deepEqual(rows, [
      { note: '', cells: 2, counted: 1 },
      { note: 'spec changed', cells: 0, counted: 0 },
    ]);
  });

  it('windows of three quarters of a day have a day and no hour, longer ones neither', async () => {
    const { store } = await room.fresh();
    const next = random(7);
    await seal(
      store,
      [makeWindow(DAY, 720, 30, next, 3), makeWindow(DAY + 720 * MINUTE, 720, 30, next, 4)],
      ZONE,
      'complete',
    );
    await seal(store, [makeWindow(DAY + 1440 * MINUTE, 7 * 1440, 30, next, 5)], ZONE, 'complete');
    assert.equal(await rollUpAll(store), 1);
    assert.deepEqual(
      (await heads(store, 'day')).map(({ windows }) => windows),
      [2],
    );
    assert.deepEqual(await heads(store, 'hour'), []);
  });
});

describe('a person who asks the views by hour and day', () => {
  it('gets what the views of windows come to', async () => {
    const { store } = await room.fresh();
    const made = aDay(8, 10);
    await seal(store, made, ZONE, 'complete');
    await rollUpAll(store);
    for (const [view, minutes] of [
      ['hourly', 60],
      ['daily', 1440],
    ] as const) {
      const of = `intDiv(toUnixTimestamp64Milli(window_start) - ${DAY}, ${minutes * MINUTE}) AS period`;
      const expected = await store.query(
        `SELECT ${of}, sum(o.events) AS events, sum(o.errors) AS errors FROM operations AS o GROUP BY period ORDER BY period`,
      );
      assert.deepEqual(
        await store.query(`SELECT ${of}, events, errors FROM operations_${view} ORDER BY period`),
        expected,
      );
      const stats = (what: string, from: string) =>
        `SELECT ${of}, segment, ${what} FROM ${from} AS f WHERE feature = 'amount'`;
      assert.deepEqual(
        await store.query(
          `${stats('missing, n, min, max, windows', `feature_stats_${view}`)} ORDER BY period, segment`,
        ),
        await store.query(
          `${stats('sum(f.missing) AS missing, sum(f.n) AS n, min(f.min) AS min, max(f.max) AS max, count() AS windows', 'feature_stats')}
           GROUP BY period, segment ORDER BY period, segment`,
        ),
      );
      const rolled = await store.query<Record<string, number>>(
        `SELECT ${of}, score, effect, mean_score, windows, scored_windows, breached_windows FROM drift_scores_${view} ORDER BY period`,
      );
      const tested = await store.query<Record<string, number>>(
        `SELECT ${of}, max(d.score) AS score, max(d.effect) AS effect, avg(d.score) AS mean_score, count() AS windows,
           count(d.score) AS scored_windows, sum(d.breached) AS breached_windows FROM drift_scores AS d GROUP BY period ORDER BY period`,
      );
      assert.equal(rolled.length, tested.length);
      for (const [i, { mean_score: mean, ...row }] of rolled.entries()) {
        const { mean_score: expectedMean, ...rest } = tested[i]!;
        assert.deepEqual(row, rest);
        assert.ok(Math.abs(mean! - expectedMean!) < 1e-12);
      }
    }
  });
});

describe('what is latest', () => {
  it('is found by the hours, and is what a scan of everything says', async () => {
    const { store } = await room.fresh();
    const made = aDay(10, 10);
    await seal(store, made.slice(0, 100), ZONE, 'complete');
    await rollUpAll(store);
    // Not rolled up yet.
    await seal(store, made.slice(100), ZONE, 'complete');
    const starts = made.map(({ window }) => window.window.start);
    for (const windows of [1, 7, 40, 90, 1_000]) {
      const [series] = await scoreSeries(store, { model: 'm', windows });
      assert.deepEqual(
        series!.points.map(({ window_start }) => window_start),
        starts.slice(-windows),
        `${windows}`,
      );
      const stats = await featureStats(store, { model: 'm', feature: 'amount', segment: '', windows });
      assert.deepEqual(
        stats.map(({ window_start }) => window_start),
        starts.slice(-windows),
      );
    }
    await rollUpAll(store);
    const hours = await scoreSeries(store, { model: 'm', windows: 3, resolution: 'hour' });
    assert.deepEqual(
      hours[0]!.points.map(({ window_start }) => window_start),
      [21, 22, 23].map((hour) => DAY + hour * 60 * MINUTE),
    );
    const days = await featureStats(store, {
      model: 'm',
      feature: 'amount',
      segment: '',
      windows: 9,
      resolution: 'day',
    });
    assert.deepEqual(
      days.map(({ count }) => count),
      [made.reduce((sum, { window }) => sum + window.events, 0)],
    );
  });
});

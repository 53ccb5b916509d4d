import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { cdfAtOrBelow } from '../../../lib/core/sketch/numeric.ts';
import { periodOf, type Resolution } from '../../../lib/core/windows/periods.ts';
import { windowOf } from '../../../lib/core/windows/windows.ts';
import type { Store } from '../../../lib/ports/store.ts';
import { type SketchColumns, sketchFromColumns } from '../../../lib/tables/sketch-columns.ts';
import { rollUp } from '../../../services/detector/roll-up.ts';
import { generator } from '../../support/generator.ts';
import { StoreRoom } from '../../support/store-room.ts';
import { aDay, DAY, KEY, type Made, MINUTE, makeWindow, never, rollUpAll, seal, TABLES, ZONE } from './sealed-day.ts';

const room = new StoreRoom('roll-up', TABLES);
before(() => room.open());
after(() => room.close());

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

const sum = (values: readonly number[]): number => values.reduce((all, one) => all + one, 0);

/** A row of hour_rows or day_rows. */
interface Row extends SketchColumns {
  start: number;
  feature: string;
  segment: string;
  errors: number;
  windows: number;
  state: string;
  revision: number;
  cells: number[];
  cell_counts: number[];
}

function assertIsMadeOf(rows: readonly Row[], own: readonly Made[], tolerance: number): void {
  const find = (feature: string, segment: string) =>
    rows.find((row) => row.feature === feature && row.segment === segment)!;
  const events = sum(own.map(({ window }) => window.events));
  const { count, errors, windows, state, revision } = find('', '');
  assert.deepEqual([count, errors, windows, state, revision], [events, 2 * own.length, own.length, 'complete', 0]);
  assertIsAmount(find('amount', ''), events, own, tolerance);
  assertIsColour(find('colour', ''), events, own);
  const { cells, cell_counts } = find('amount', 'region=east');
  const halves = own.map(({ amounts }) => Math.floor(amounts.length / 2));
  assert.deepEqual(cells, [0, 3]);
  assert.deepEqual(cell_counts, [own.length, sum(halves) - own.length]);
  assert.equal(find('', 'region=east').errors, own.length);
}

function assertIsAmount(amount: Row, events: number, own: readonly Made[], tolerance: number): void {
  const exact = Float64Array.from(own.flatMap(({ amounts }) => [...amounts])).sort();
  assert.deepEqual([amount.count, amount.missing, amount.n], [events, own.length, exact.length]);
  assert.deepEqual([amount.min, amount.max], [exact[0], exact.at(-1)]);
  const mean = sum([...exact]) / exact.length;
  assert.ok(Math.abs(amount.mean - mean) < 1e-9 * mean);
  const m2 = sum(Array.from(exact, (value) => (value - mean) ** 2));
  assert.ok(Math.abs(amount.m2 - m2) < 1e-9 * m2);
  // An hour is exact but for rounding, a day is a sketch.
  assert.ok(errorOf(amount, exact) <= Math.max(tolerance, 1 / exact.length + 1e-12));
}

function assertIsColour(colour: Row, events: number, own: readonly Made[]): void {
  const reds = own.flatMap(({ window }) => {
    const sketch = window.columns.find(({ feature }) => feature === 'colour')?.sketch;
    if (sketch?.kind !== 'categorical') return [];
    const { values, counts } = sketch.categorical;
    return [counts[values.indexOf('red')] ?? 0];
  });
  assert.deepEqual([colour.count, colour.category_counts[1]], [events, sum(reds)]);
}

describe('hours and days', () => {
  it('are what their windows are, in the time zone of the model', async () => {
    const { store } = await room.fresh();
    const made = aDay(1);
    await seal(store, made, ZONE, 'complete');
    assert.equal(await rollUpAll(store), 25);
    assert.equal(await rollUpAll(store), 0);
    for (const [resolution, periods, lengthMs, tolerance] of [
      ['hour', 24, 60 * MINUTE, 0],
      ['day', 1, 1_440 * MINUTE, 0.001],
    ] as const) {
      const rows = await store.query<Row>(
        `SELECT *, toUnixTimestamp64Milli(window_start) AS start FROM ${resolution}_rows FINAL ORDER BY window_start`,
      );
      const starts = [...new Set(rows.map(({ start }) => start))];
      assert.equal(starts.length, periods);
      assert.equal(starts[0], windowOf(DAY, { lengthMs, timezone: ZONE }).start);
      for (const start of starts) {
        const ofStart = rows.filter((row) => row.start === start);
        assertIsMadeOf(ofStart, inPeriod(made, resolution, start), tolerance);
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
    const later = makeWindow(window.start, 1, 99, generator(9), 50_000);
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
      const next = generator(5);
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
    const next = generator(7);
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

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { featureStats } from '../../../services/api/queries/features.ts';
import { scoreSeries } from '../../../services/api/queries/scores.ts';
import { StoreRoom } from '../../support/store-room.ts';
import { aDay, DAY, MINUTE, rollUpAll, seal, TABLES, ZONE } from './sealed-day.ts';

const room = new StoreRoom('roll-up-views', TABLES);
before(() => room.open());
after(() => room.close());

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

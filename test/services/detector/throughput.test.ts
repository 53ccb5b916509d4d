import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { eventually } from '../../support/eventually.ts';
import { end, events, monitorOf } from './fixtures.ts';
import { Engine } from './harness.ts';

const engine = new Engine();
before(() => engine.open());
after(() => engine.close());

test('a replay of 200 windows of 20 features, all complete at once, is worked off in batches and in order', async (t) => {
  const features = 20;
  const monitors = [monitorOf({ metrics: ['psi', 'ks', 'missing_rate'], segments: ['region'] })];
  const world = await engine.world({ features, monitors });
  try {
    for (let window = 0; window < 200; window++) {
      world.add(0, events(window, 200, { features, shift: window >= 100 && window < 110 ? 60 : 0 }));
    }
    const service = await world.start();
    await world.flush(0, end(199) + 1_000);
    const began = performance.now();
    const scored = () => world.metric(service, 'driftline_scores_total');
    await eventually('all scores', async () => (await scored()) >= 200 * 3 * features * 3, 60_000);
    await eventually('all alert events', async () => (await world.published()).length >= 9);
    const seconds = (performance.now() - began) / 1_000;
    t.diagnostic(`${seconds.toFixed(1)} s for 200 windows, ${await scored()} scores`);
    // 11 s on two cores, beside other work; window by window, without batches, it would take minutes.
    assert.ok(seconds < 60, `${seconds} s`);
    const sql =
      'SELECT count() AS rows, uniqExact(window_start) AS windows, countIf(breached) AS breached FROM score_window_rows FINAL';
    const scores = 200 * 3 * features * 3;
    assert.deepEqual(await world.store.query(sql), [{ rows: scores, windows: 200, breached: 10 * 3 * 2 }]);
    const events3 = (await world.published()).map(({ state, asOf }) => [state, asOf]);
    const each = (state: string, window: number) => Array.from({ length: 3 }, () => [state, end(window)]);
    assert.deepEqual(events3, [...each('pending', 100), ...each('firing', 101), ...each('resolved', 111)]);
  } finally {
    await world.close();
  }
});

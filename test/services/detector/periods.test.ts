import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { eventually } from '../../support/eventually.ts';
import { end, events, monitorOf, T0 } from './fixtures.ts';
import { Engine, type World } from './harness.ts';

const engine = new Engine();
let world: World;
before(() => engine.open());
afterEach(() => world?.close());
after(() => engine.close());

interface Period {
  start: number;
  events: number;
  windows: number;
  state: string;
  revision: number;
}

const operations = (view: string) =>
  world.store.query<Period>(
    `SELECT toUnixTimestamp64Milli(window_start) AS start, events, windows, state, revision FROM ${view} ORDER BY window_start`,
  );
const scores = (view: string) =>
  world.store.query<{
    feature: string;
    metric: string;
    windows: number;
    breached: number;
    worst: number;
    score: number;
  }>(
    `SELECT feature, metric, windows, breached_windows AS breached, toUnixTimestamp64Milli(worst_start) AS worst, score
     FROM ${view} ORDER BY feature, metric`,
  );
const HOUR = 3_600_000;

test('an hour is there once it is complete, and again when late events revised it; so is its day', async () => {
  world = await engine.world({ monitors: [monitorOf({ metrics: ['psi'] })] });
  await world.start();
  for (const window of [0, 1, 59]) world.add(0, events(window, 100, { shift: window === 59 ? 40 : 0 }));
  world.add(0, events(60, 100));
  await world.flush(0, end(60) + 2_000);
  await eventually('the first hour', async () => (await operations('operations_hourly')).length === 1);
  assert.deepEqual(await operations('operations_hourly'), [
    { start: T0, events: 300, windows: 3, state: 'complete', revision: 0 },
  ]);
  await eventually('its scores', async () => (await scores('drift_scores_hourly')).length === 2);
  const [x0] = await scores('drift_scores_hourly');
  const minutes = await world.store.query<{ score: number; start: number }>(
    `SELECT score, toUnixTimestamp64Milli(window_start) AS start FROM drift_scores
     WHERE feature = 'x0' AND window_start < fromUnixTimestamp64Milli(${T0 + HOUR}) ORDER BY effect DESC`,
  );
  assert.deepEqual(x0, {
    ...{ feature: 'x0', metric: 'psi', windows: 3, breached: 1 },
    ...{ worst: minutes[0]!.start, score: minutes[0]!.score },
  });
  assert.equal(minutes[0]!.start, T0 + 59 * 60_000);
  world.add(0, events(1, 7));
  await world.flush(0, end(60) + 2_000);
  await eventually('the revised hour', async () => (await operations('operations_hourly'))[0]?.revision === 1);
  assert.deepEqual(await operations('operations_hourly'), [
    { start: T0, events: 307, windows: 3, state: 'revised', revision: 1 },
  ]);
  await world.flush(0, T0 + 24 * HOUR + 2_000);
  await eventually('the day', async () => (await operations('operations_daily')).length === 1);
  assert.deepEqual(await operations('operations_daily'), [
    { start: T0, events: 407, windows: 4, state: 'revised', revision: 1 },
  ]);
  assert.deepEqual(
    (await scores('drift_scores_daily')).map(({ windows, breached, worst }) => [windows, breached, worst]),
    [
      [4, 1, T0 + 59 * 60_000],
      [4, 0, (await scores('drift_scores_daily'))[1]!.worst],
    ],
  );
});

test('whoever owns the model next makes what was left, of scores too, and nothing twice', async () => {
  world = await engine.world({ monitors: [monitorOf({ metrics: ['psi'] })] });
  const first = await world.start();
  world.add(0, events(0, 100));
  await world.flush(0, end(0) + 2_000);
  await eventually('a scored window', async () => (await world.store.query('SELECT 1 FROM drift_scores')).length > 0);
  await first.stop();
  // Complete while nobody was there.
  world.add(0, events(61, 100));
  await world.flush(0, end(119) + 2_000);
  const next = await world.start();
  await eventually('both hours', async () => (await operations('operations_hourly')).length === 2);
  await eventually('scores of both', async () => (await scores('drift_scores_hourly')).length === 4);
  const made = await world.metric(next, 'driftline_periods_rolled_up_total');
  await next.stop();
  const last = await world.start();
  await world.flush(0, end(120));
  await new Promise((resolve) => setTimeout(resolve, 2_500));
  assert.ok(made >= 2);
  assert.equal(await world.metric(last, 'driftline_periods_rolled_up_total'), 0);
});

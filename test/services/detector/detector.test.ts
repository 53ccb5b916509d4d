import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import type { AlertEvent } from '../../../lib/core/alerts/types.ts';
import { eventually } from '../../support/eventually.ts';
import { end, events, monitorOf, T0 } from './fixtures.ts';
import { Engine, type World } from './harness.ts';

const engine = new Engine();
let world: World;
before(() => engine.open());
afterEach(() => world?.close());
after(() => engine.close());

const states = (alerts: readonly AlertEvent[]) => alerts.map(({ state, revision }) => `${state} ${revision}`);
const said = (count: number) =>
  eventually(`${count} alert events`, async () => (await world.published()).length >= count);

/** Windows in order, each durable and passed before the next; true: x0 drifts. */
async function feed(drifts: readonly boolean[], from = 0): Promise<void> {
  for (const [i, drift] of drifts.entries()) {
    world.add(0, events(from + i, 300, { shift: drift ? 60 : 0 }));
    await world.flush(0, end(from + i) + 1_000);
  }
}

test('breached windows become scores and one alert that is pending, fires, then resolves', async () => {
  world = await engine.world();
  await world.start();
  await feed([false, false, true, true, false, false]);
  await said(3);
  const published = await world.published();
  assert.deepEqual(states(published), ['pending 1', 'firing 2', 'resolved 3']);
  const [, firing] = published;
  assert.equal(firing?.since, T0 + 2 * 60_000);
  assert.equal(firing?.asOf, end(3));
  assert.match(firing!.incident!, /^inc_m_champion_20181105T000200Z_[0-9a-f]{16}$/);
  assert.deepEqual(
    firing?.members.map(({ feature, metric }) => [feature, metric]),
    [['x0', 'psi']],
  );
  assert.match(firing!.members[0]!.explanation, /^x0: PSI \d\.\d+ \(threshold 0\.1\); median 50\S* → 1\d\d\S*$/);
  assert.match(firing!.advice, /^Look: /);
});

test('the outbox holds what was published, word for word', async () => {
  world = await engine.world();
  await world.start();
  await feed([true, true, false, false]);
  await said(3);
  const rows = await world.store.query<{ event: string }>('SELECT event FROM alert_rows FINAL ORDER BY revision');
  assert.deepEqual(
    rows.map((row) => JSON.parse(row.event)),
    await world.published(),
  );
});

test('scores name definition, threshold and sample sizes, and say what a view needs', async () => {
  world = await engine.world();
  await world.start();
  await feed([true]);
  const rows = () =>
    world.store.query<Record<string, unknown>>(
      `SELECT monitor, feature, metric, definition, threshold, breached, severity, n_current, n_baseline, state, revision, note
       FROM score_window_rows FINAL ORDER BY feature, metric`,
    );
  await eventually('four scores', async () => (await rows()).length === 4);
  const [missing, psi] = await rows();
  assert.deepEqual(psi, {
    monitor: 'drift',
    feature: 'x0',
    metric: 'psi',
    definition: 'psi/quantile10@1',
    threshold: 0.1,
    breached: 1,
    severity: 'error',
    n_current: 300,
    n_baseline: 2_000,
    state: 'complete',
    revision: 0,
    note: '',
  });
  assert.equal(missing?.threshold, 0.02);
  assert.equal(missing?.breached, 0);
});

test('a window under the minimum sample has no score, and neither breaches nor clears', async () => {
  world = await engine.world({ monitors: [monitorOf({ minSamples: 200 })] });
  await world.start();
  await feed([true, true]);
  world.add(0, events(2, 100));
  await world.flush(0, end(2) + 1_000);
  world.add(0, events(3, 100));
  await world.flush(0, end(3) + 1_000);
  await feed([false, false], 4);
  await said(3);
  assert.deepEqual(states(await world.published()), ['pending 1', 'firing 2', 'resolved 3']);
  assert.equal((await world.published())[2]?.asOf, end(5));
  const few = await world.store.query<{ score: number | null; note: string; breached: number }>(
    "SELECT score, note, breached FROM score_window_rows FINAL WHERE n_current = 100 AND metric = 'psi'",
  );
  assert.equal(few.length, 4);
  for (const row of few) assert.deepEqual(row, { score: null, note: 'not enough data: 100 of 200', breached: 0 });
});

test('each drifting segment value is an alert of its own, and all share one incident', async () => {
  world = await engine.world({ monitors: [monitorOf({ segments: ['region'] })] });
  await world.start();
  const mixed = (window: number) => [
    ...events(window, 400, { regions: ['MA'] }),
    ...events(window, 400, { regions: ['NY'], shift: 60 }),
  ];
  for (let window = 0; window < 2; window++) {
    world.add(0, mixed(window));
    await world.flush(0, end(window) + 1_000);
  }
  await said(4);
  const firing = (await world.published()).filter((event) => event.state === 'firing');
  assert.deepEqual(firing.map((event) => event.segment).sort(), ['', 'region=NY']);
  assert.equal(new Set(firing.map((event) => event.incident)).size, 1);
  const ny = firing.find((event) => event.segment === 'region=NY');
  assert.match(ny!.members[0]!.explanation, /^x0: PSI .* median 50\S* → (between|above) /);
  assert.equal(ny?.members[0]?.nCurrent, 400);
});

test('missing data is an alert that says so, and names the feed as the place to look', async () => {
  world = await engine.world();
  await world.start();
  for (let window = 0; window < 2; window++) {
    world.add(0, events(window, 400, { missing: 0.3 }));
    await world.flush(0, end(window) + 1_000);
  }
  await said(2);
  const firing = (await world.published())[1];
  assert.deepEqual(
    firing?.members.map((member) => member.feature),
    ['x1'],
  );
  assert.match(firing!.members[0]!.explanation, /missing 0 % → 30 %/);
});

test('a monitor taken out of the configuration ends its alert', async () => {
  world = await engine.world();
  const service = await world.start();
  await feed([true, true]);
  await said(2);
  await service.stop();
  await world.start({ config: { ...world.config, monitors: [] } });
  await said(3);
  const [, firing, resolved] = await world.published();
  assert.equal(resolved?.state, 'resolved');
  assert.equal(resolved?.episode, firing?.episode);
  assert.match(resolved!.reason, /no longer configured/);
});

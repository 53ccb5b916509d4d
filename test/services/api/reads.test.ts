import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { z } from 'zod';
import { createApi } from '../../../services/api/index.ts';
import { alertList, incidentDetail, incidentList, monitorList } from '../../../services/api/schemas/alerts.ts';
import { featureDetail } from '../../../services/api/schemas/features.ts';
import { modelDetail, modelList, scoreList } from '../../../services/api/schemas/models.ts';
import { type Bench, openBench } from './harness.ts';
import { DAY, DRIFTS_AT, FIRST, HOSTILE, INCIDENT, MODEL, MONITOR, OPEN_WINDOW, seed, WINDOWS } from './seed.ts';

let bench: Bench;
let api: ReturnType<typeof createApi>;

before(async () => {
  bench = await openBench({ store: true });
  await seed(bench.ctx.store);
  api = createApi(bench.with({ monitors: [MONITOR] }));
  await api.start();
});
after(async () => {
  await api.stop();
  await bench.close();
});

/** GET, checked against the route's schema with nothing beyond it. */
async function read<S extends z.ZodRawShape>(
  path: string,
  schema: z.ZodObject<S>,
): Promise<z.infer<z.ZodObject<S, z.core.$strict>>> {
  const response = await fetch(api.url + path);
  assert.equal(response.status, 200, path);
  return schema.strict().parse(await response.json());
}

const featurePath = (feature: string, query = ''): string =>
  `/v1/models/${MODEL}/features/${encodeURIComponent(feature)}${query}`;

test('models: each with the state that its alerts and scores say', async () => {
  const { models } = await read('/v1/models', modelList);
  assert.deepEqual(
    models.map(({ model, state }) => [model, state]),
    [
      [HOSTILE, 'unmonitored'],
      [MODEL, 'drifting'],
      ['fresh-model', 'not_enough_data'],
    ].sort(),
  );
  const model = models.find((entry) => entry.model === MODEL)!;
  assert.equal(model.open_incidents, 1);
  assert.equal(model.sparkline.length, WINDOWS);
  assert.ok(
    model.sparkline.every(({ ratio, breached }, index) => index >= DRIFTS_AT === breached > 0 && ratio !== null),
  );
  assert.ok(
    model.sparkline.slice(0, DRIFTS_AT).every(({ ratio }) => ratio! < 1.01),
    'χ² is left out: its threshold is on another scale',
  );
});

test('a model: columns, versions, baselines, windows; the open window is provisional', async () => {
  const model = await read(`/v1/models/${MODEL}`, modelDetail);
  assert.deepEqual(
    model.versions.map(({ version, role }) => [version, role]),
    [['1', 'champion']],
  );
  assert.deepEqual(
    model.baselines.map(({ baseline, columns, rows }) => [baseline, columns, rows]),
    [['2018', 6, 4500]],
  );
  assert.deepEqual(
    model.aggregation.map(({ spec_id: _, ...one }) => one),
    [{ partition: 0, from_offset: 0, window_ms: 86_400_000, timezone: 'UTC', segments: ['region'] }],
  );
  assert.equal(model.windows.length, WINDOWS + 1);
  assert.deepEqual(
    model.windows.map(({ window_start }) => window_start),
    Array.from({ length: WINDOWS + 1 }, (_, i) => FIRST + i * DAY),
  );
  assert.deepEqual(model.last_window, {
    start: OPEN_WINDOW,
    end: OPEN_WINDOW + DAY,
    events: 40,
    errors: 1,
    state: 'provisional',
  });
  assert.ok(model.features.some(({ feature }) => feature === HOSTILE));
});

test('scores: latest windows of each series, oldest first, of one column where asked', async () => {
  const all = await read(`/v1/models/${MODEL}/scores?windows=5`, scoreList);
  assert.ok(all.series.length > 10);
  for (const { points } of all.series) {
    assert.equal(points.length, 5);
    assert.equal(points.at(-1)!.window_start, FIRST + (WINDOWS - 1) * DAY);
  }
  const one = await read(`/v1/models/${MODEL}/scores?feature=car_value`, scoreList);
  assert.deepEqual([...new Set(one.series.map(({ feature }) => feature))], ['car_value']);
  assert.deepEqual(one.series.map(({ metric }) => metric).sort(), ['ks', 'missing_rate', 'psi']);
});

test('a numeric column: scores with thresholds, and both distributions of the latest sealed window', async () => {
  const detail = await read(featurePath('car_value'), featureDetail);
  const psi = detail.series.find(({ metric }) => metric === 'psi')!;
  assert.equal(psi.points.length, WINDOWS);
  assert.deepEqual(
    psi.points.map(({ breached }) => breached),
    psi.points.map((_, index) => index >= DRIFTS_AT),
  );
  assert.ok(psi.points.every(({ threshold, effect, score }) => threshold === 0.1 && effect! <= score!));
  assert.equal(psi.points[3]!.state, 'revised');
  assert.equal(detail.window!.start, FIRST + (WINDOWS - 1) * DAY);
  const { bins, reference, current } = detail.distribution!;
  assert.ok(bins.length >= 10);
  for (const side of ['reference', 'current'] as const)
    assert.ok(Math.abs(bins.reduce((sum, bin) => sum + bin[side]!, 0) - 1) < 1e-9, `${side} adds up to 1`);
  assert.ok(current!.mean! > reference!.mean! * 1.5);
  assert.equal(reference!.count, 4500);
  assert.equal(detail.stats.at(-1)!.state, 'provisional');
});

test('a chosen window shows that window', async () => {
  const start = FIRST + 2 * DAY;
  const detail = await read(featurePath('car_value', `?window_start=${start}`), featureDetail);
  assert.equal(detail.window!.start, start);
  const { reference, current } = detail.distribution!;
  assert.ok(Math.abs(current!.mean! / reference!.mean! - 1) < 0.05);
});

test('a categorical column: shares by category, with the new one', async () => {
  const { distribution } = await read(featurePath('salary_range'), featureDetail);
  const fresh = distribution!.categories.find(({ category }) => category === '60K+ €')!;
  assert.equal(fresh.reference, 0);
  assert.ok(fresh.current! > 0.08);
  assert.deepEqual(distribution!.bins, []);
});

test('χ² scores come with Cramér’s V, which their threshold is on', async () => {
  const { series } = await read(featurePath('salary_range'), featureDetail);
  assert.ok(
    series
      .find(({ metric }) => metric === 'chi2')!
      .points.every(
        ({ effect, score, breached, threshold }) =>
          effect! <= 1 && score! > effect! && breached === effect! >= threshold,
      ),
  );
});

test('names are parameters: quotes, slashes and markup find their column or nothing', async () => {
  const hostile = await read(featurePath(HOSTILE), featureDetail);
  assert.equal(hostile.feature, HOSTILE);
  assert.ok(hostile.series.length > 0);
  for (const name of ["x' OR 1=1 --", '{model:String}', 'a/b', '\\', 'x'.repeat(1500)]) {
    const response = await fetch(api.url + featurePath(name));
    assert.equal(response.status, 404, name);
  }
});

test('parameters out of range are refused by name', async () => {
  for (const query of ['windows=0', 'windows=x', 'windows=1001', 'window_start=soon']) {
    const response = await fetch(api.url + featurePath('car_value', `?${query}`));
    const { error } = (await response.json()) as { error: { code: string; message: string } };
    assert.deepEqual([response.status, error.code], [400, 'bad_request'], query);
    assert.match(error.message, new RegExp(query.split('=')[0]!));
  }
});

test('monitors: the configuration with what each found last', async () => {
  const { monitors } = await read('/v1/monitors', monitorList);
  assert.equal(monitors.length, 1);
  const [monitor] = monitors;
  assert.deepEqual(
    [monitor!.name, monitor!.target, monitor!.threshold, monitor!.open_alerts],
    [MONITOR.name, ['*'], { psi: 0.1 }, 1],
  );
  assert.ok(monitor!.latest!.breached > 0 && monitor!.latest!.scored > monitor!.latest!.breached);
  assert.deepEqual((await read('/v1/monitors?model=other', monitorList)).monitors, []);
});

test('alerts and incidents, filtered by model and state', async () => {
  const { alerts } = await read('/v1/alerts', alertList);
  assert.deepEqual(
    alerts.map(({ episode, revision, state, incident }) => [episode, revision, state, incident]),
    [['episode-1', 2, 'firing', INCIDENT]],
  );
  const { incidents } = await read('/v1/incidents?state=open', incidentList);
  assert.deepEqual(
    incidents.map(({ incident }) => incident),
    [INCIDENT],
  );
  assert.deepEqual((await read('/v1/incidents?state=resolved', incidentList)).incidents, []);
  assert.deepEqual((await read('/v1/alerts?model=other', alertList)).alerts, []);
});

test('an incident: members with what changed, every revision, deliveries', async () => {
  const incident = await read(`/v1/incidents/${INCIDENT}`, incidentDetail);
  assert.deepEqual(
    incident.timeline.map(({ revision, state }) => [revision, state]),
    [
      [1, 'pending'],
      [2, 'firing'],
    ],
  );
  const [alert] = incident.alerts;
  assert.match(alert!.advice, /upstream/);
  assert.match(alert!.members.find(({ feature }) => feature === 'car_value')!.explanation, /median .* → /);
  assert.deepEqual(
    incident.deliveries.map(({ channel, state, dedup_key, attempt }) => [channel, state, dedup_key, attempt]),
    [['pagerduty', 'sent', INCIDENT, 2]],
  );
  assert.equal((await fetch(`${api.url}/v1/incidents/none`)).status, 404);
});

test('the SQL of an incident runs as it is, hostile names and all', async () => {
  const incident = await read(`/v1/incidents/${INCIDENT}`, incidentDetail);
  for (const { statement } of incident.sql) {
    const rows = await bench.ctx.store.query<{ feature: string }>(statement.replace(/;$/, ''));
    assert.deepEqual([...new Set(rows.map(({ feature }) => feature))].sort(), [...incident.members].sort());
  }
});

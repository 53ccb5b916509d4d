import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { eventually } from '../support/eventually.ts';
import { huge, LARGE_BROKER, sendHuge } from './support/huge.ts';
import type { Member } from './support/member.ts';
import { type FaultWorld, openFaultWorld } from './support/world.ts';

const MEGABYTE = 1024 * 1024;
const LIMIT = 512 * MEGABYTE;
/** 1: the full flood. */
const SCALE = Number(process.env.DRIFTLINE_TEST_FLOOD ?? 1);
const SEGMENTS = ['s1', 's2', 's3', 's4', 's5'];
const SEGMENT_VALUES = 1_000_000 * SCALE;
const FEATURE_NAMES = 100_000 * SCALE;
const FEATURES_AN_EVENT = 500;
const MODELS = 10_000 * SCALE;
const WINDOWS = 10_000 * SCALE;
const TEN_MINUTES = 600_000;
const LINES_A_CALL = 20_000;
const NOW = Date.now();

let serial = 0;
function event(model: string, more: object = {}, timestamp = NOW): string {
  serial += 1;
  const error = serial % 11 === 0 ? 'e' : null;
  return JSON.stringify({
    prediction_id: `p${serial}`,
    model,
    timestamp,
    features: { x: serial % 50 },
    error,
    ...more,
  });
}

function* segmentFlood(): Generator<string> {
  for (let i = 0; i < SEGMENT_VALUES / SEGMENTS.length; i++) {
    yield event('alpha', { segments: Object.fromEntries(SEGMENTS.map((name) => [name, `${name}-${i}`])) });
  }
}

function* featureFlood(): Generator<string> {
  for (let i = 0; i < FEATURE_NAMES; i += FEATURES_AN_EVENT) {
    const names = Array.from({ length: FEATURES_AN_EVENT }, (_, n) => [`feature-${i + n}`, n]);
    yield event('wide', { features: Object.fromEntries(names) });
  }
}

function* modelFlood(): Generator<string> {
  for (let i = 0; i < MODELS; i++) yield event(`model-${i}`);
}

/** Windows of ten minutes, twice: those that left memory come back. */
function* windowFlood(): Generator<string> {
  for (let i = 0; i < 2 * WINDOWS; i++) yield event('beta', {}, NOW - (i % WINDOWS) * TEN_MINUTES);
}

/** The floods by turns, to the partitions by turns, and between them the bombs of row 23, each to every partition. */
async function pour(world: FaultWorld): Promise<Map<string, { events: number; errors: number }>> {
  const sent = new Map<string, { events: number; errors: number }>();
  const bombs = huge(NOW);
  const floods = [segmentFlood(), featureFlood(), modelFlood(), windowFlood()];
  let lines: string[][] = world.all.map(() => []);
  let count = 0;
  const send = async (): Promise<void> => {
    const full = lines;
    lines = world.all.map(() => []);
    await Promise.all(full.map((values, partition) => world.feeder.sendLines(values, { partition })));
    const bomb = bombs.pop();
    if (bomb) await Promise.all(world.all.map((partition) => sendHuge(world, bomb, partition)));
  };
  while (floods.length > 0) {
    for (const flood of [...floods]) {
      for (let i = 0; i < 100; i++) {
        const { value, done } = flood.next();
        if (done === true) {
          floods.splice(floods.indexOf(flood), 1);
          break;
        }
        const { model, error } = JSON.parse(value) as { model: string; error: string | null };
        const own = sent.get(model) ?? { events: 0, errors: 0 };
        sent.set(model, { events: own.events + 1, errors: own.errors + (error === null ? 0 : 1) });
        lines[count % lines.length]!.push(value);
        count += 1;
      }
    }
    if (lines[0]!.length >= LINES_A_CALL / lines.length) await send();
  }
  await send();
  return sent;
}

async function watchMemory(member: Member, until: () => boolean): Promise<number[]> {
  const samples: number[] = [];
  while (!until()) {
    samples.push(Math.round(member.rss().now / MEGABYTE));
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  return samples;
}

test('row 24: floods of segments, features, models and windows, bombs among them: totals exact, the rest visible, memory capped', async () => {
  const world = await openFaultWorld({
    partitions: 4,
    chunkSize: 65_536,
    sessionTimeout: '10s',
    brokerOptions: LARGE_BROKER,
    aggregation: 'flush_interval: 1s, horizon: 200d, allowed_delay: 1s, idle_after: 2s',
    models: [`- {name: alpha, window: 1h, segments: [${SEGMENTS.join(', ')}]}`, '- {name: beta, window: 10m}'],
  });
  after(() => world.close());
  const member = await world.start('aggregator');
  await member.untilServing();
  let done = false;
  const memory = watchMemory(member, () => done);
  const sent = await pour(world);
  const bombs = huge(NOW).length * world.all.length;
  const total = [...sent.values()].reduce((sum, { events }) => sum + events, bombs);
  await eventually('all counted', async () => (await reached(world)) === total, 300_000).catch(async (error: Error) => {
    throw new Error(`${error.message}: ${await reached(world)} of ${total}\n${member.output().slice(-3000)}`);
  });
  done = true;
  const { peak } = member.rss();
  console.log(`memory of the aggregator, MB: ${(await memory).join(' ')}; peak ${Math.round(peak / MEGABYTE)}`);
  await compare(world, sent);
  for (const limit of ['models', 'columns', 'segment_values', 'live_windows', 'categories']) {
    assert.ok((await member.metric('driftline_limit_hits_total', { limit })) > 0, `the metric of ${limit}`);
  }
  assert.ok(peak < LIMIT, `the aggregator took ${peak / MEGABYTE} MB`);
});

/** How many records the manifests vouch for. */
async function reached(world: FaultWorld): Promise<number> {
  const [row] = await world.sql<{ n: string }>(
    'SELECT sum(reach) AS n FROM (SELECT partition, max(reach) AS reach FROM manifest_rows GROUP BY partition)',
  );
  return Number(row?.n ?? 0);
}

async function compare(world: FaultWorld, sent: Map<string, { events: number; errors: number }>): Promise<void> {
  const rows = await world.sql<{ model: string; events: string; errors: string }>(
    'SELECT model, sum(events) AS events, sum(errors) AS errors FROM operations GROUP BY model',
  );
  const counted = new Map(
    rows.map(({ model, events, errors }) => [model, { events: Number(events), errors: Number(errors) }]),
  );
  for (const model of ['alpha', 'beta', 'wide']) assert.deepEqual(counted.get(model), sent.get(model), model);
  const sum = (some: Map<string, { events: number; errors: number }>) =>
    [...some.values()].reduce((all, one) => ({ events: all.events + one.events, errors: all.errors + one.errors }));
  assert.deepEqual(sum(counted), sum(sent), 'all models');
  assert.ok(counted.get('__other__')!.events > 0, '__other__ is a model of the view');

  const alpha = sent.get('alpha')!.events;
  const segments = await world.sql<{ name: string; events: string; other: string }>(
    `SELECT splitByChar('=', segment)[1] AS name, sum(count) AS events, sumIf(count, segment LIKE '%=\\_\\_other\\_\\_') AS other
     FROM chunk_rows FINAL WHERE model = 'alpha' AND feature = '' AND segment != '' GROUP BY name ORDER BY name`,
  );
  assert.deepEqual(
    segments.map(({ name, events }) => [name, Number(events)]),
    SEGMENTS.map((name) => [name, alpha]),
  );
  assert.ok(segments.every(({ other }) => Number(other) > 0));
  const [columns] = await world.sql<{ values: string; other: string; names: string }>(
    `SELECT sum(count - missing) AS values, sumIf(count, feature = '__other__') AS other, uniqExact(feature) AS names
     FROM feature_stats WHERE model = 'wide' AND segment = ''`,
  );
  assert.equal(Number(columns!.values), FEATURE_NAMES, 'values of features');
  assert.ok(Number(columns!.other) > 0 && Number(columns!.names) < FEATURE_NAMES, '__other__ is a feature of the view');
}

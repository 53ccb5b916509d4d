import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import type { AlertEvent } from '../../../lib/core/alerts/types.ts';
import { TOPICS } from '../../../lib/core/messages/types.ts';
import { type Log, LogUnavailableError } from '../../../lib/ports/log.ts';
import { type Store, StoreUnavailableError } from '../../../lib/ports/store.ts';
import { eventually } from '../../support/eventually.ts';
import { replacing } from '../../support/replacing.ts';
import { end, events, monitorOf } from './fixtures.ts';
import { Engine, type World } from './harness.ts';

const engine = new Engine();
let world: World;
before(() => engine.open());
afterEach(() => world?.close());
after(() => engine.close());

const states = (alerts: readonly AlertEvent[]) => alerts.map(({ state, revision }) => `${state} ${revision}`);
const said = (count: number) =>
  eventually(`${count} alert events`, async () => (await world.published()).length >= count);
const scored = (windows: number) =>
  eventually(`${windows} scored windows`, async () => {
    const sql = 'SELECT uniqExact(window_start) AS n FROM score_window_rows';
    return (await world.store.query<{ n: number }>(sql))[0]!.n >= windows;
  });

async function feed(shifts: readonly number[], from = 0): Promise<void> {
  for (const [i, shift] of shifts.entries()) {
    world.add(0, events(from + i, 300, { shift }));
    await world.flush(0, end(from + i) + 1_000);
  }
}

/** The store, but inserts into one table fail as long as `broken` says so. */
function failing(store: Store, table: string, broken: () => boolean): Store {
  const unless = (name: string, insert: () => Promise<void>): Promise<void> =>
    name === table && broken() ? Promise.reject(new StoreUnavailableError(`${table} is not there`)) : insert();
  return replacing(store, {
    insert: (name, rows) => unless(name, () => store.insert(name, rows)),
    insertNative: (name, columns, pieces) => unless(name, () => store.insertNative(name, columns, pieces)),
  });
}

/** The log, but alerts cannot be published. */
function deaf(log: Log): Log {
  const append: Log['append'] = (topic, ...rest) =>
    topic === TOPICS.alerts ? Promise.reject(new Error('no topic')) : log.append(topic, ...rest);
  return replacing(log, { append });
}

test('windows that became complete while nobody listened are found in the store', async () => {
  world = await engine.world();
  for (let window = 0; window < 4; window++) {
    world.add(0, events(window, 300, { shift: window < 2 ? 60 : 0 }));
    await world.flush(0, end(window) + 1_000, { announce: false });
  }
  await world.start();
  await said(3);
  assert.deepEqual(states(await world.published()), ['pending 1', 'firing 2', 'resolved 3']);
});

test('a log that does not answer while an owner takes over is asked again, and ends nothing', async () => {
  world = await engine.world();
  await feed([60, 60]);
  let refused = 0;
  const partitionOf: Log['partitionOf'] = async (topic, key) => {
    if (refused === 2) return world.log.partitionOf(topic, key);
    refused += 1;
    throw new LogUnavailableError('no broker');
  };
  await world.start({ log: replacing(world.log, { partitionOf }) });
  await said(2);
  assert.equal(refused, 2);
});

for (const table of ['window_rows', 'score_window_rows', 'alert_rows']) {
  test(`killed before ${table} are durable, the next owner says exactly what the first would have said`, async () => {
    world = await engine.world();
    let broken = false;
    const first = await world.start({ store: failing(world.store, table, () => broken) });
    await feed([0, 60]);
    await said(1);
    broken = true;
    await feed([60, 0], 2);
    await eventually('the detector to notice', () => first.notReady() !== null);
    await first.stop();
    assert.deepEqual(states(await world.published()), ['pending 1']);
    await world.start();
    await said(2);
    await feed([0], 4);
    await said(3);
    const published = await world.published();
    assert.deepEqual(states(published), ['pending 1', 'firing 2', 'resolved 3']);
    assert.equal(published[2]?.asOf, end(4));
    assert.match(published[1]!.members[0]!.explanation, /median/);
  });
}

test('killed between outbox and topic, the next owner publishes the latest revision', async () => {
  world = await engine.world();
  const first = await world.start({ log: deaf(world.log) });
  await feed([60, 60]);
  await eventually('the detector to notice', () => first.notReady() !== null);
  await first.stop();
  assert.deepEqual(await world.published(), []);
  await world.start();
  await eventually('the firing alert', async () => (await world.published()).some((event) => event.state === 'firing'));
  const stored = await world.store.query<{ event: string }>('SELECT event FROM alert_rows WHERE revision = 2');
  assert.deepEqual((await world.published()).at(-1), JSON.parse(stored[0]!.event));
});

test('killed between outbox and topic with a whole episode in hand, the next owner publishes each of its revisions', async () => {
  world = await engine.world();
  for (let window = 0; window < 4; window++) {
    world.add(0, events(window, 300, { shift: window < 2 ? 60 : 0 }));
    await world.flush(0, end(window) + 1_000, { announce: false });
  }
  const first = await world.start({ log: deaf(world.log) });
  await eventually('the detector to notice', () => first.notReady() !== null);
  await first.stop();
  assert.deepEqual(await world.published(), []);
  await world.start();
  await said(3);
  assert.deepEqual(states(await world.published()), ['pending 1', 'firing 2', 'resolved 3']);
});

test('an owner that takes over from a healthy one repeats what is open and says nothing new', async () => {
  world = await engine.world();
  const first = await world.start();
  await feed([60, 60, 60]);
  await said(2);
  await scored(3);
  await first.stop();
  const before = await world.published();
  await world.start();
  await eventually('the repetition', async () => (await world.publishedRaw()).length > before.length);
  await feed([0, 0], 3);
  await said(3);
  assert.deepEqual(states(await world.published()), ['pending 1', 'firing 2', 'resolved 3']);
});

test('late data that changes the verdict withdraws the alert, and what it revised says so', async () => {
  world = await engine.world();
  await world.start();
  await feed([0, 60, 60]);
  await said(2);
  // Ten times as many undrifted events of the last window come late: it no longer breaches.
  world.add(0, events(2, 20_000));
  await world.flush(0, end(2) + 1_000);
  await said(3);
  const published = await world.published();
  assert.deepEqual(states(published), ['pending 1', 'firing 2', 'withdrawn 3']);
  assert.match(published[2]!.reason, /late data/);
  const rows = await world.store.query<{ state: string; revision: number; breached: number; n: number }>(
    `SELECT state, revision, max(breached) AS breached, max(n_current) AS n FROM score_window_rows FINAL
     WHERE window_start = (SELECT max(window_start) FROM score_window_rows) GROUP BY state, revision`,
  );
  assert.deepEqual(rows, [{ state: 'revised', revision: 1, breached: 0, n: 20_300 }]);
});

test('while the store is away nothing is lost, and readiness tells why', async () => {
  world = await engine.world();
  let broken = true;
  const service = await world.start({ store: failing(world.store, 'window_rows', () => broken) });
  await feed([60, 60]);
  await eventually('not ready', () => service.notReady() !== null);
  assert.match(service.notReady()!, /window_rows is not there/);
  broken = false;
  await said(2);
  await eventually('ready', () => service.notReady() === null);
});

test('two detectors share the models; when one goes the other takes its models over', async () => {
  const models = Array.from({ length: 8 }, (_, i) => `model-${i}`);
  const monitors = models.map((model) => monitorOf({ name: `drift-${model}`, model, persistence: 1 }));
  world = await engine.world({ partitions: 2, models, monitors });
  const [first, second] = [await world.start(), await world.start()];
  const owned = (service: typeof first) => world.metric(service, 'driftline_detector_models');
  const all = async (window: number, shift: number) => {
    for (const model of models) world.add(0, events(window, 200, { model, shift }));
    await world.flush(0, end(window) + 1_000);
    await world.flush(1, end(window) + 1_000);
  };
  await eventually('both to own models', async () => (await owned(first)) > 0 && (await owned(second)) > 0);
  await all(0, 60);
  await said(8);
  assert.equal((await owned(first)) + (await owned(second)), 8);
  await first.stop();
  await all(1, 0);
  await said(16);
  const published = await world.published();
  assert.equal(published.length, 16);
  for (const model of models) {
    const own = published.filter((event) => event.model === model);
    assert.deepEqual(states(own), ['firing 1', 'resolved 2'], model);
  }
  assert.equal(await owned(second), 8);
});

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { HEADERS, TOPICS } from '../../../lib/core/messages/types.ts';
import type { ModelSpec } from '../../../lib/core/monitors/types.ts';
import { type Store, StoreUnavailableError } from '../../../lib/ports/store.ts';
import { specsInForce } from '../../../lib/tables/manifests.ts';
import { loadSpec } from '../../../lib/tables/specs.ts';
import { eventually } from '../../support/eventually.ts';
import { replacing } from '../../support/replacing.ts';
import { listen, Worlds } from './harness.ts';

const HOUR = 3_600_000;
const worlds = new Worlds();
before(() => worlds.open());
after(() => worlds.close());

function event(timestamp: number | string, more: Record<string, unknown> = {}): Record<string, unknown> {
  return { prediction_id: `p${Math.random()}`, model: 'm', timestamp, features: { x: 1 }, ...more };
}

test('late and future events are losses, by reason and offset; the ledger and the losses add up to the log', async () => {
  const world = await worlds.world({ horizonMs: HOUR });
  await world.start();
  const now = Date.now();
  await world.send(0, [
    event(now),
    event(now + HOUR),
    event(now - 60 * 24 * HOUR),
    event('9999-01-01T00:00:00Z'),
    event(now - 90 * 24 * HOUR),
  ]);
  await world.settled();
  const losses = await world.store.query(
    'SELECT reason, first_offset, last_offset, events FROM loss_rows FINAL ORDER BY reason',
  );
  assert.deepEqual(losses, [
    { reason: 'beyond_horizon', first_offset: 2, last_offset: 4, events: 2 },
    { reason: 'future', first_offset: 1, last_offset: 3, events: 2 },
  ]);
  const counted = await world.store.query("SELECT sum(count) AS n FROM chunk_rows FINAL WHERE feature = ''");
  assert.deepEqual(counted, [{ n: 1 }]);
  await world.close();
});

test('arrival headers make a replay: old events are in time, and idleness completes nothing', async () => {
  const world = await worlds.world({ idleAfterMs: 100 });
  const heard = await listen(world);
  await world.start();
  const old = Date.UTC(2018, 0, 1);
  for (let i = 0; i < 5; i++) {
    await world.send(0, [event(old + i * HOUR)], { headers: { [HEADERS.arrival]: String(old + i * HOUR) } });
  }
  await world.send(0, [null], { headers: { [HEADERS.arrival]: String(old + 24 * HOUR), [HEADERS.progress]: '1' } });
  await world.settled();
  await eventually('progress', async () =>
    heard.some(({ message }) => message.kind === 'progress' && message.reach === 6),
  );
  await new Promise((resolve) => setTimeout(resolve, 400));
  const passed = heard.flatMap(({ message }) =>
    message.kind === 'progress' && message.partition === 0 ? [message.passed] : [],
  );
  assert.equal(Math.max(...passed), old + 24 * HOUR, 'the progress record moved it, the clock did not');
  const counted = await world.store.query("SELECT sum(count) AS n FROM chunk_rows FINAL WHERE feature = ''");
  assert.deepEqual(counted, [{ n: 5 }]);
  await world.close();
});

test('an idle partition passes the present; progress goes to every partition, windows to their model’s', async () => {
  const world = await worlds.world({ idleAfterMs: 100 });
  const heard = await listen(world);
  await world.start();
  const before = Date.now();
  await world.send(0, [event(before)]);
  await eventually('both partitions, the empty one too, to be confirmed idle', async () =>
    [0, 1].every((partition) =>
      heard.some(
        ({ message }) => message.kind === 'progress' && message.partition === partition && message.passed > before + 50,
      ),
    ),
  );
  const reached = () => heard.filter(({ message }) => message.kind === 'progress' && message.reach === 1);
  await eventually(
    'progress on both partitions',
    async () => new Set(reached().map(({ partition }) => partition)).size === 2,
  );
  await eventually('the window to be announced', async () => heard.some(({ message }) => message.kind === 'windows'));
  const windows = heard.filter(({ message }) => message.kind === 'windows');
  assert.deepEqual(
    windows.map(({ partition, message }) => [partition, message.kind === 'windows' && message.windows.length]),
    [[await world.log.partitionOf(TOPICS.windows, 'm'), 1]],
  );
  await world.close();
});

test('labels, and truth that comes with the prediction', async () => {
  const world = await worlds.world();
  await world.start();
  const now = Date.now();
  await world.send(0, [event(now, { prediction_id: 'a', label: true })]);
  const label = { prediction_id: 'b', model: 'm', label: 1, timestamp: now };
  await world.log.append(
    TOPICS.labels,
    [label, '{', { ...label, timestamp: now + HOUR }].map((value) => ({
      key: 'b',
      value: typeof value === 'string' ? value : JSON.stringify(value),
      partition: 1,
    })),
  );
  const labels = () =>
    world.store.query(
      'SELECT prediction_id, label, topic, partition, offset FROM label_rows FINAL ORDER BY prediction_id',
    );
  await eventually('two labels', async () => (await labels()).length === 2);
  assert.deepEqual(await labels(), [
    { prediction_id: 'a', label: 'true', topic: TOPICS.predictions, partition: 0, offset: 0 },
    { prediction_id: 'b', label: '1', topic: TOPICS.labels, partition: 1, offset: 0 },
  ]);
  await eventually(
    'letters',
    async () => (await world.log.offsets(TOPICS.deadLetters)).reduce((sum, { end }) => sum + end, 0) === 2,
  );
  await world.close();
});

const MODEL: ModelSpec = {
  name: 'm',
  windowMs: 24 * HOUR,
  timezone: 'UTC',
  segments: ['region'],
  reference: null,
  columns: {},
  categorical: [],
  ignore: [],
};

test('a change of segments takes effect with the next chunk; a replay of the open one keeps its spec', async () => {
  const world = await worlds.world({}, [MODEL]);
  await world.start();
  const now = Date.now();
  const region = { segments: { region: 'MA', tier: 'gold' } };
  await world.send(
    0,
    Array.from({ length: 10 }, () => event(now, region)),
  );
  await world.settled();

  const changed = await world.reopen({ models: [{ ...MODEL, segments: ['tier'] }] });
  await changed.start();
  await changed.send(
    0,
    Array.from({ length: 80 }, () => event(now, region)),
  );
  await changed.settled();
  const rows = await changed.store.query(
    `SELECT chunk_start, segment, sum(count) AS n FROM chunk_rows FINAL WHERE feature = ''
     GROUP BY chunk_start, segment ORDER BY chunk_start, segment`,
  );
  assert.deepEqual(rows, [
    { chunk_start: 0, segment: '', n: 64 },
    { chunk_start: 0, segment: 'region=MA', n: 64 },
    { chunk_start: 64, segment: '', n: 26 },
    { chunk_start: 64, segment: 'tier=gold', n: 26 },
  ]);
  const [inForce] = await specsInForce(changed.store, TOPICS.predictions);
  assert.deepEqual([inForce!.partition, inForce!.fromOffset], [0, 64]);
  assert.deepEqual((await loadSpec(changed.store, inForce!.specId)).models[0]!.segments, ['tier']);
  await changed.close();
});

/** A store that is down for its first inserts into every table, and once loses the reply of an insert that worked. */
function flaky(store: Store): { store: Store; failures: () => number } {
  const attempts = new Map<string, number>();
  let failures = 0;
  const fail = (message: string): never => {
    failures += 1;
    throw new StoreUnavailableError(message);
  };
  const flakily = async (table: string, insert: () => Promise<void>): Promise<void> => {
    const attempt = (attempts.get(table) ?? 0) + 1;
    attempts.set(table, attempt);
    if (attempt === 1) fail('connection refused');
    await insert();
    if (attempt === 2) fail('socket hang up after the insert');
  };
  const inserting: Partial<Store> = {
    insert: (table, rows) => flakily(table, () => store.insert(table, rows)),
    insertNative: (table, columns, pieces) => flakily(table, () => store.insertNative(table, columns, pieces)),
  };
  return { store: replacing(store, inserting), failures: () => failures };
}

test('a store that is down or loses replies delays the rows and changes none', async () => {
  const world = await worlds.world();
  const { store, failures } = flaky(world.store);
  const service = await world.start({ store });
  const now = Date.now();
  await world.send(
    0,
    Array.from({ length: 100 }, () => event(now, { label: 1 })),
  );
  await world.settled();
  await eventually('the aggregator to be ready again', async () => service.notReady() === null);
  assert.ok(failures() >= 6, `${failures()} failures`);
  const counted = await world.store.query("SELECT sum(count) AS n FROM chunk_rows FINAL WHERE feature = ''");
  assert.deepEqual(counted, [{ n: 100 }]);
  const labels = await world.store.query('SELECT count() AS n FROM label_rows FINAL');
  assert.deepEqual(labels, [{ n: 100 }]);
  await world.close();
});

test('models are registered on sight, once, and never over a declaration', async () => {
  const world = await worlds.world();
  await world.store.insert('model_rows', [
    {
      model: 'declared',
      declared: 1,
      monitored: 1,
      window_ms: HOUR,
      timezone: 'UTC',
      segments: [],
      reference: '',
      first_seen: '2020-01-01 00:00:00.000',
      row_version: 5,
    },
  ]);
  await world.start();
  const now = Date.now();
  await world.send(0, [event(now, { model: 'declared' }), event(now), event(now, { version: '2', role: 'shadow' })]);
  await world.settled();
  assert.deepEqual(await world.store.query('SELECT model, declared FROM model_rows ORDER BY model'), [
    { model: 'declared', declared: 1 },
    { model: 'm', declared: 0 },
  ]);
  assert.deepEqual(await world.store.query('SELECT model, version, role FROM model_version_rows ORDER BY ALL'), [
    { model: 'declared', version: '', role: 'champion' },
    { model: 'm', version: '', role: 'champion' },
    { model: 'm', version: '2', role: 'shadow' },
  ]);
  await world.close();
});

test('a committed offset outside the log without a manifest halts the partition, and says so', async () => {
  const world = await worlds.world();
  await world.send(0, [event(Date.now())]);
  const consumer = await world.log.consume({
    group: 'driftline-aggregator',
    topics: [TOPICS.predictions],
    handlers: { onAssigned: async () => ({ offset: 0 }), onRevoked: async () => {}, onBatch: async () => {} },
  });
  await eventually('the assignment', async () => consumer.assignments().length === 2);
  await consumer.commit({ topic: TOPICS.predictions, partition: 0 }, 10 ** 9);
  await consumer.close();
  const service = await world.start();
  await eventually('the halt to be shown', async () => service.notReady()?.includes('outside the log') === true);
  assert.deepEqual(await world.store.query('SELECT count() AS n FROM chunk_rows'), [{ n: 0 }]);
  await world.close();
});

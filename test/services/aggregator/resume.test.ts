import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { frozenSpecId } from '../../../lib/core/chunks/frozen.ts';
import { TOPICS } from '../../../lib/core/messages/types.ts';
import type { Row } from '../../../lib/ports/store.ts';
import { eventually } from '../../support/eventually.ts';
import { replacing } from '../../support/replacing.ts';
import { trimmed, type World, Worlds } from './harness.ts';

const DAY = 86_400_000;
const worlds = new Worlds();
before(() => worlds.open());
after(() => worlds.close());

/** Every fourth event is late beyond the horizon, every seventh unreadable. */
function value(i: number, at = Date.now()): unknown {
  if (i % 7 === 6) return '{"broken';
  const timestamp = i % 4 === 3 ? at - 30 * DAY : at;
  return { prediction_id: `p${i}`, model: 'm', timestamp, features: { x: i } };
}

async function send(world: World, first: number, count: number): Promise<void> {
  await world.send(
    0,
    Array.from({ length: count }, (_, i) => value(first + i)),
  );
}

/** What every record of partition 0 below `end` must have become. */
function expected(end: number): { events: number; losses: number } {
  const all = Array.from({ length: end }, (_, i) => i).filter((i) => i % 7 !== 6);
  const losses = all.filter((i) => i % 4 === 3).length;
  return { events: all.length - losses, losses };
}

async function counted(world: World): Promise<{ events: number; losses: number }> {
  const [events] = await world.store.query<{ n: number }>(
    "SELECT sum(count) AS n FROM open_chunk_rows WHERE feature = '' AND segment = ''",
  );
  const [losses] = await world.store.query<{ n: number }>(
    "SELECT sum(events) AS n FROM loss_rows FINAL WHERE reason = 'beyond_horizon'",
  );
  return { events: events!.n, losses: losses!.n };
}

const chunkStarts = async (world: World): Promise<number[]> =>
  (await world.store.query<{ s: number }>('SELECT DISTINCT chunk_start AS s FROM manifest_rows ORDER BY s')).map(
    ({ s }) => s,
  );

/** Runs until the first insert into `table` after `count` more records, which is done or not, and dies there. */
async function dieAt(world: World, table: string, isDone: boolean, first: number, count: number): Promise<void> {
  let armed = false;
  let dead = false;
  const until = async (name: string, insert: () => Promise<void>): Promise<void> => {
    if (dead) throw new Error('dead');
    const dies = armed && name === table;
    dead ||= dies;
    if (!dies || isDone) await insert();
    if (dies) throw new Error('the process is killed here');
  };
  const { store } = world;
  const mortal = replacing(store, {
    insert: (name, rows) => until(name, () => store.insert(name, rows)),
    insertNative: (name, columns, pieces) => until(name, () => store.insertNative(name, columns, pieces)),
  });
  await world.start({ store: mortal }, { lastFlushMs: 1 });
  await world.settled();
  armed = true;
  await send(world, first, count);
  await eventually(`the insert into ${table}`, async () => dead);
  await world.stop();
}

for (const [table, isDone] of [
  ['loss_rows', false],
  ['loss_rows', true],
  ['chunk_rows', false],
  ['chunk_rows', true],
  ['manifest_rows', false],
  ['manifest_rows', true],
] as const) {
  test(`killed ${isDone ? 'after' : 'before'} ${table} and trimmed: rows and losses add up, each record once`, async () => {
    const world = await worlds.world({ chunkSize: 1024 });
    await send(world, 0, 40);
    await dieAt(world, table, isDone, 40, 40);
    // Retention took the chunk's beginning, not what was being flushed.
    const log = trimmed(world.log, 10);
    await world.start({ log });
    await send(world, 80, 20);
    await world.settled();
    assert.deepEqual(await counted(world), expected(100));
    await world.stop();
    // And once more, within the sub-chunk.
    await world.start({ log });
    await send(world, 100, 20);
    await world.settled();
    assert.deepEqual(await counted(world), expected(120));
    assert.equal((await chunkStarts(world)).length, 2, 'one sub-chunk');
    const specs = await world.store.query('SELECT uniqExact(spec_id) AS n FROM aggregation_specs');
    assert.deepEqual(specs, [{ n: 1 }], 'under the spec of its chunk');
    await world.close();
  });
}

test('what is read of a log that was truncated goes under its new incarnation, raw rows too, from the first flush on', async () => {
  const world = await worlds.world({ chunkSize: 1024 });
  await world.start();
  await send(world, 0, 50);
  await world.settled();
  await world.stop();
  await world.store.command(
    "INSERT INTO manifest_rows SELECT * REPLACE (concat(incarnation, '~1') AS incarnation) FROM manifest_rows",
  );
  await world.start();
  await send(world, 50, 1);
  await world.settled();
  const written = await world.store.query(
    "SELECT offset AS o, splitByChar('~', incarnation)[2] AS times FROM prediction_rows WHERE offset >= 48 ORDER BY o",
  );
  assert.deepEqual(written, [
    { o: 49, times: '' },
    { o: 50, times: '1' },
  ]);
  await world.close();
});

test('rows of another layout stay as they are, and a sub-chunk follows them', async () => {
  const world = await worlds.world({ chunkSize: 1024 });
  await world.start();
  await send(world, 0, 50);
  await world.settled();
  await world.stop();
  const rows = await world.ledger();
  const [spec] = await world.store.query<{ spec_id: string; spec: string }>(
    'SELECT spec_id, spec FROM aggregation_specs',
  );
  const older = { ...(JSON.parse(spec!.spec) as object), layout: 0 };
  await world.store.command('TRUNCATE TABLE aggregation_specs');
  await world.store.insert('aggregation_specs', [{ spec_id: spec!.spec_id, spec: JSON.stringify(older) }]);
  await send(world, 50, 50);
  await world.start();
  await world.settled();
  assert.deepEqual(await counted(world), expected(100));
  assert.deepEqual(await chunkStarts(world), [0, 50]);
  const kept = (await world.ledger()).filter((row: Row) => row.chunk_start === 0);
  const of = (id: string) => kept.filter((row) => row.spec_id === id);
  assert.deepEqual(of(spec!.spec_id), rows);
  const renamed = of(frozenSpecId(spec!.spec_id, 50)).map((row) => ({ ...row, spec_id: spec!.spec_id }));
  assert.deepEqual(renamed, rows);
  assert.equal(kept.length, 2 * rows.length);
  await world.close();
});

test('a chunk ends by age at one record, whoever reads it', async () => {
  const world = await worlds.world({ chunkSize: 1024, chunkAgeMs: DAY });
  const now = Date.now();
  const stamped = async (first: number, count: number, timestamp: number) => {
    for (let i = first; i < first + count; i += 1) await world.send(0, [value(i, timestamp)], { timestamp });
  };
  await stamped(0, 10, now - 3 * DAY);
  await stamped(10, 10, now - 3 * DAY + DAY);
  await stamped(20, 5, now - 2 * DAY + 1);
  await stamped(25, 5, now - 5 * DAY);
  await stamped(30, 10, now);
  for (let run = 1; run <= 6; run += 1) {
    let left = run;
    const insert: World['store']['insert'] = async (table, rows) => {
      if (left <= 0) throw new Error('the process is killed here');
      left -= 1;
      await world.store.insert(table, rows);
    };
    await world.start({ store: replacing(world.store, { insert }) }, { lastFlushMs: 1 });
    await eventually('the kill', async () => left <= 0);
    await world.stop();
  }
  await world.start();
  await world.settled();
  assert.deepEqual(await chunkStarts(world), [0, 20, 30]);
  assert.deepEqual(await counted(world), expected(40));
  const closed = await world.store.query(
    'SELECT chunk_start, max(reach) AS reach FROM manifest_rows WHERE closed = 1 GROUP BY chunk_start ORDER BY chunk_start',
  );
  assert.deepEqual(closed, [
    { chunk_start: 0, reach: 20 },
    { chunk_start: 20, reach: 30 },
  ]);
  await world.close();
});

test('windows that leave memory come back under greater generations: the same rows, killed or not', async () => {
  const CAPS = { models: 1_000, variants: 200, undeclaredVariants: 5_000, columns: 1_000, segmentValues: 200 };
  const caps = { ...CAPS, categories: 1_000, categoryLength: 256, foldAt: 8_192, liveWindows: 3, liveBytes: 10 ** 9 };
  const events = Array.from({ length: 300 }, (_, i) => ({
    prediction_id: `p${i}`,
    model: `m${(i * 7) % 11}`,
    timestamp: Date.now() - (i % 3) * DAY,
    features: { x: i },
  }));
  const calm = await worlds.world({ chunkSize: 128, flushIntervalMs: 5 });
  await calm.send(0, events);
  await calm.start({}, { caps });
  await calm.settled();
  const rows = await calm.ledger();
  assert.ok(rows.some((row) => Number(row.generation) > 10));
  await calm.close();

  const killed = await worlds.world({ chunkSize: 128, flushIntervalMs: 5 });
  for (let run = 1; run <= 10; run += 1) {
    await killed.send(0, events.slice((run - 1) * 30, run * 30));
    let left = run % 5;
    const insert: World['store']['insert'] = async (table, written) => {
      if (left > 0 || run % 2 === 0) await killed.store.insert(table, written);
      left -= 1;
      if (left < 0) throw new Error('the process is killed here');
    };
    await killed.start({ store: replacing(killed.store, { insert }) }, { caps, lastFlushMs: 1 });
    await eventually('the kill', async () => left < 0);
    await killed.stop();
  }
  await killed.start({}, { caps });
  await killed.settled();
  assert.deepEqual(await killed.ledger(), rows);
  await killed.close();
});

test('labels of a topic created again are read from its start, whatever is committed', async () => {
  const world = await worlds.world();
  const label = { prediction_id: 'old', model: 'm', label: '1', timestamp: Date.now() };
  const place = { topic: TOPICS.labels, incarnation: 'an earlier topic', partition: 0, offset: 7 };
  await world.store.insert('label_rows', [
    { ...place, model: 'm', prediction_id: 'old', label: '1', timestamp: '2024-01-01 00:00:00.000' },
  ]);
  await world.log.append(
    TOPICS.labels,
    Array.from({ length: 5 }, () => ({ key: null, partition: 0, value: JSON.stringify(label) })),
  );
  const consumer = await world.log.consume({
    group: 'driftline-aggregator',
    topics: [TOPICS.labels],
    handlers: { onAssigned: async () => ({ offset: 0 }), onRevoked: async () => {}, onBatch: async () => {} },
  });
  await eventually('the group', async () => consumer.joined());
  await consumer.commit({ topic: TOPICS.labels, partition: 0 }, 4);
  await consumer.close();
  await world.start();
  await eventually('all five labels', async () => {
    const [row] = await world.store.query<{ n: number }>(
      "SELECT count() AS n FROM label_rows FINAL WHERE incarnation != 'an earlier topic'",
    );
    return row!.n === 5;
  });
  await world.close();
});

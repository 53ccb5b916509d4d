import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Store } from '../../../lib/ports/store.ts';
import { createRegistry } from '../../../lib/runtime/metrics.ts';
import { eventually } from '../../support/eventually.ts';
import { replacing } from '../../support/replacing.ts';
import { listen, type World, Worlds } from './harness.ts';

/** Flush interval, ms: after the first one only chunks that end are written. */
const ONLY_THE_FIRST = 10 ** 7;
const worlds = new Worlds();
before(() => worlds.open());
after(() => worlds.close());

/** A store that notes what is written to the ledger, and holds back chunk rows while it is asked to. */
class Held {
  readonly store: Store;
  /** `rows`, or a manifest as `CHUNK open|closed REACH`. */
  readonly written: string[] = [];
  #held: Promise<void> | null = null;
  #release: () => void = () => {};

  constructor(store: Store) {
    this.store = replacing(store, {
      insert: async (table, rows) => {
        await store.insert(table, rows);
        if (table !== 'manifest_rows') return;
        for (const { chunk_start, closed, reach } of rows) {
          this.written.push(`${chunk_start} ${closed === 1 ? 'closed' : 'open'} ${reach}`);
        }
      },
      insertNative: async (table, columns, pieces) => {
        if (table === 'chunk_rows') await this.#held;
        await store.insertNative(table, columns, pieces);
        if (table === 'chunk_rows') this.written.push('rows');
      },
    });
  }

  hold(): void {
    this.#held = new Promise((resolve) => {
      this.#release = resolve;
    });
  }

  release(): void {
    this.#held = null;
    this.#release();
  }
}

async function send(world: World, first: number, count: number): Promise<void> {
  const now = Date.now();
  const events = Array.from({ length: count }, (_, i) => ({
    prediction_id: `p${first + i}`,
    model: 'm',
    timestamp: now,
    features: { x: first + i },
  }));
  await world.send(0, events, { timestamp: now });
}

async function started(world: World, held: Held) {
  const metrics = createRegistry();
  const service = await world.start({ store: held.store, metrics }, { lastFlushMs: 5_000 });
  const counted = async () =>
    Number(/driftline_events_total\{.*partition="0".*\} (\d+)/.exec(await metrics.metrics())?.[1] ?? 0);
  return { service, counted };
}

test('reading goes on while a chunk is closed; nothing of the next one is written, and no idleness told, before that is done', async () => {
  const world = await worlds.world({ chunkSize: 64, idleAfterMs: 50, flushIntervalMs: ONLY_THE_FIRST });
  const held = new Held(world.store);
  const { counted } = await started(world, held);
  await send(world, 0, 10);
  await world.settled();
  const heard = await listen(world);
  held.hold();
  const writtenBefore = held.written.length;
  await send(world, 10, 54);
  const lastSent = Date.now();
  await eventually('the chunk to be read', async () => (await counted()) === 64);
  await sleep(300);
  await send(world, 64, 20);
  await eventually('the next chunk to be read', async () => (await counted()) === 84);
  await sleep(100);
  assert.deepEqual(held.written.slice(writtenBefore), [], 'all of it waits');
  const idle = heard.filter(({ message: m }) => m.kind === 'progress' && m.partition === 0 && m.passed > lastSent);
  assert.deepEqual(idle, [], 'what is not written is no idleness');

  held.release();
  await eventually('the rows of both', async () => held.written.length >= writtenBefore + 3);
  await world.stop();
  const written = held.written.slice(writtenBefore);
  const order = ['rows', '0 closed 64', '64 open 64', 'rows', '64 open 84'];
  let next = 0;
  for (const step of written) if (step === order[next]) next += 1;
  assert.equal(next, order.length, `in this order: ${order.join(', ')}; but: ${written.join(', ')}`);
  assert.ok(written.indexOf('64 open 64') > written.indexOf('0 closed 64'), written.join(', '));
  const [total] = await world.store.query("SELECT sum(count) AS n FROM chunk_rows FINAL WHERE feature = ''");
  assert.deepEqual(total, { n: 84 });
  await world.close();
});

test('a chunk that ends while the one before it is still being closed waits for it', async () => {
  const world = await worlds.world({ chunkSize: 64, flushIntervalMs: ONLY_THE_FIRST });
  const held = new Held(world.store);
  const { counted } = await started(world, held);
  await send(world, 0, 10);
  await world.settled();
  held.hold();
  await send(world, 10, 200);
  await eventually('the second chunk to be read', async () => (await counted()) === 128);
  await sleep(300);
  assert.equal(await counted(), 128, 'memory is bounded: no third chunk');
  held.release();
  await eventually('all of it to be read', async () => (await counted()) === 210);
  await world.stop();
  const [total] = await world.store.query("SELECT sum(count) AS n FROM chunk_rows FINAL WHERE feature = ''");
  assert.deepEqual(total, { n: 210 });
  await world.close();
});

test('an owner that was overtaken while it closed a chunk writes no row of the next, and halts', async () => {
  const world = await worlds.world({ chunkSize: 64, flushIntervalMs: ONLY_THE_FIRST });
  const held = new Held(world.store);
  const { service, counted } = await started(world, held);
  await send(world, 0, 10);
  await world.settled();
  held.hold();
  await send(world, 10, 60);
  await eventually('the next chunk to be read', async () => (await counted()) === 70);
  await world.store.command(
    'INSERT INTO manifest_rows SELECT * REPLACE (group_generation + 5 AS group_generation) FROM manifest_rows FINAL',
  );
  held.release();
  await eventually('the opening of the next chunk', async () => held.written.includes('64 open 64'));
  // Who reads is told.
  await eventually('a halt that says so', async () => {
    await send(world, 70, 1);
    return /another member has taken it over/.test(service.notReady() ?? '');
  });
  await service.stop();
  const rows = await world.store.query('SELECT count() AS n FROM chunk_rows WHERE chunk_start = 64');
  assert.deepEqual(rows, [{ n: 0 }]);
  await world.close();
});

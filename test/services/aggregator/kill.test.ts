import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { HEADERS } from '../../../lib/core/messages/types.ts';
import type { ModelSpec } from '../../../lib/core/monitors/types.ts';
import type { Row, Store } from '../../../lib/ports/store.ts';
import { batchType, categorical, numeric, singleObject, times } from '../../support/batches.ts';
import { eventually } from '../../support/eventually.ts';
import { replacing } from '../../support/replacing.ts';
import { type World, Worlds } from './harness.ts';

const START = Date.UTC(2024, 0, 1);
const MINUTE = 60_000;
const worlds = new Worlds();
before(() => worlds.open());
after(() => worlds.close());

const MODEL: ModelSpec = {
  name: 'm',
  windowMs: 10 * MINUTE,
  timezone: 'UTC',
  segments: ['region'],
  reference: null,
  columns: {},
  categorical: [],
  ignore: [],
};

/** A columnar batch of some rows, all at one time, one in three broken. */
function columnar(i: number, arrival: number): Buffer {
  const rows = Array.from({ length: 3 + (i % 4) }, (_, row) => row);
  const value = {
    model: i % 3 === 0 ? 'other' : 'm',
    version: '',
    role: 'champion',
    prediction_ids: rows.map((row) => `b${i}-${row}`),
    timestamps: times(rows.map((row) => arrival - (row === 2 ? 30 * 24 * 60 * MINUTE : 0))),
    columns: [
      numeric('amount', rows.map(Math.cos)),
      categorical('kind', ['k1', 'k9'], i % 15 === 2 ? rows : rows.map((row) => row % 2)),
    ],
  };
  return singleObject(batchType, value);
}

/** Twenty records of a fixed stream, some broken, some late: batch `i` is the same in every world. */
async function sendBatch(world: World, batch: number): Promise<void> {
  for (let i = batch * 20; i < batch * 20 + 20; i++) {
    const arrival = START + i * MINUTE;
    const value =
      i % 13 === 0
        ? '{"broken'
        : {
            prediction_id: `p${i}`,
            model: i % 3 === 0 ? 'other' : 'm',
            timestamp: arrival - (i % 7) * 4 * MINUTE - (i % 19 === 0 ? 30 * 24 * 60 * MINUTE : 0),
            features: { amount: Math.sin(i), kind: `k${i % 4}` },
            segments: { region: ['MA', 'NY'][i % 2] },
            error: i % 11 === 0 ? 'timeout' : null,
          };
    const sent = i % 5 === 2 ? columnar(i, arrival) : value;
    await world.send(i % 2, [sent], { headers: { [HEADERS.arrival]: String(arrival) } });
  }
}

/** A store on which everything fails from its `n`th insert on, that one itself done (the reply lost) or not. */
function dying(store: Store, n: number, lastIsDone: boolean): { store: Store; dead: () => boolean } {
  let inserts = 0;
  const mortal = async (insert: () => Promise<void>): Promise<void> => {
    inserts += 1;
    if (inserts < n || (inserts === n && lastIsDone)) await insert();
    if (inserts >= n) throw new Error('the process is killed here');
  };
  const inserting: Partial<Store> = {
    insert: (table, rows) => mortal(() => store.insert(table, rows)),
    insertNative: (table, columns, pieces) => mortal(() => store.insertNative(table, columns, pieces)),
  };
  return { store: replacing(store, inserting), dead: () => inserts >= n };
}

async function content(world: World): Promise<Row[][]> {
  const predictions =
    'SELECT * EXCEPT (ingested_at, incarnation) FROM prediction_rows FINAL ORDER BY partition, offset, row';
  const losses = 'SELECT * EXCEPT (written_at, incarnation) FROM loss_rows FINAL ORDER BY ALL';
  return [await world.ledger(), await world.store.query(predictions), await world.store.query(losses)];
}

test('killed at any write and started again, the rows are those of a run that was never stopped', async () => {
  const batches = 12;
  const settings = { chunkSize: 32, flushIntervalMs: 20 };
  const calm = await worlds.world(settings, [MODEL]);
  for (let batch = 0; batch < batches; batch++) await sendBatch(calm, batch);
  await calm.start();
  await calm.settled();
  const expected = await content(calm);
  await calm.close();
  assert.ok(
    expected.every((rows) => rows.length > 0),
    'rows of every kind',
  );

  const killed = await worlds.world(settings, [MODEL]);
  for (let batch = 0; batch < batches; batch++) {
    await sendBatch(killed, batch);
    const { store, dead } = dying(killed.store, batch + 1, batch % 2 === 0);
    await killed.start({ store }, { lastFlushMs: 1 });
    await eventually(`death at insert ${batch + 1}`, async () => dead());
    await killed.stop();
  }
  await killed.start();
  await killed.settled();
  assert.deepEqual(await content(killed), expected);
  await killed.close();
});

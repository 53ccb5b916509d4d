import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import type { Store } from '../../lib/ports/store.ts';
import { applyRetention } from '../../lib/tables/retention.ts';
import { sqlTime } from '../../lib/tables/time.ts';
import { StoreRoom } from '../support/store-room.ts';

const DAY = 86_400_000;
const room = new StoreRoom('retention', ['window_rows', 'score_window_rows', 'hour_rows', 'day_rows', 'chunk_rows']);
before(() => room.open());
after(() => room.close());

const ALL = ['chunk_rows', 'hour_rows', 'score_hour_rows', 'score_window_rows', 'window_rows'];
const retention = { windowsMs: 30 * DAY, hoursMs: 400 * DAY, horizonMs: 7 * DAY };

/** A window of so many minutes whose row was written so many days ago; history, so that its own time plays no part. */
async function write(store: Store, table: string, name: string, minutes: number, age: number): Promise<void> {
  const start = Date.UTC(2020, 0, 1);
  const window = { window_start: sqlTime(start), window_end: sqlTime(start + minutes * 60_000) };
  const time = table === 'score_window_rows' ? 'computed_at' : 'ingested_at';
  const written = sqlTime(Date.now() - age * DAY).slice(0, 19);
  await store.insert(table, [{ model: name, version: '1', role: 'champion', ...window, covered: 1, [time]: written }]);
}

async function left(store: Store, table: string): Promise<string[]> {
  await store.command(`OPTIMIZE TABLE ${table} FINAL`);
  const rows = await store.query<{ model: string }>(`SELECT DISTINCT model FROM ${table} ORDER BY model`);
  return rows.map(({ model }) => model);
}

it('is applied where it is another, and only there', async () => {
  const { store } = await room.fresh();
  await applyRetention(store, retention);
  assert.deepEqual(await applyRetention(store, retention), []);
  assert.deepEqual(await applyRetention(store, { ...retention, hoursMs: 500 * DAY }), ALL.slice(1));
  assert.deepEqual(await applyRetention(store, { ...retention, horizonMs: 600 * DAY }), ALL);
  await applyRetention(store, retention);
});

it('drops windows by their length and by when they were written, and no day ever', async () => {
  const { store } = await room.fresh();
  await applyRetention(store, retention);
  for (const table of ['window_rows', 'score_window_rows']) {
    await write(store, table, 'minute-29', 1, 29);
    await write(store, table, 'hour-31', 60, 31);
    await write(store, table, 'day-9000', 1440, 9_000);
    // Expired rows go with their part, once nothing in it is to be kept.
    await write(store, table, 'minute-31', 1, 31);
    assert.deepEqual(await left(store, table), ['day-9000', 'hour-31', 'minute-29'], table);
  }
  for (const [name, age] of [
    ['kept', 399],
    ['gone', 401],
  ] as const)
    await write(store, 'hour_rows', name, 60, age);
  assert.deepEqual(await left(store, 'hour_rows'), ['kept']);
  await write(store, 'day_rows', 'old', 1440, 9_000);
  assert.deepEqual(await left(store, 'day_rows'), ['old']);
});

it('keeps the ledger for the horizon and a day beyond the window, eight days at least', async () => {
  const { store } = await room.fresh();
  await applyRetention(store, { ...retention, horizonMs: 0 });
  await write(store, 'chunk_rows', 'minute-7', 1, 7);
  await write(store, 'chunk_rows', 'minute-9', 1, 9);
  await write(store, 'chunk_rows', 'week-14', 7 * 1440, 14);
  await write(store, 'chunk_rows', 'week-16', 7 * 1440, 16);
  assert.deepEqual(await left(store, 'chunk_rows'), ['minute-7', 'week-14']);
  await applyRetention(store, retention);
});

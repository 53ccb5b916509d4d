import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type ChdbStore, openChdbStore } from '../../lib/adapters/chdb/index.ts';
import { migrate } from '../../lib/migrations/index.ts';
import type { Row } from '../../lib/ports/store.ts';
import { sqlTime } from '../../lib/tables/time.ts';
import { ViewReader } from '../faults/support/reader.ts';
import { PROBES, type Probe } from '../faults/support/reader-queries.ts';

const MINUTE = 60_000;
const FEATURES = ['', 'amount', 'colour', 'vip'];
const WINDOWS = 20;
const PARTITIONS = 2;
const FLUSHES = 3;
const PER_FLUSH = 10;

let dir: string;
let store: ChdbStore;
before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'driftline-reader-'));
  store = await openChdbStore({ dir, database: 'driftline' });
  await migrate(store);
});
after(async () => {
  await store.close();
  await rm(dir, { recursive: true });
});

/** Rows of one window in either table; `count` events of which all values are usable. */
function rowsOf(window: number, count: number, rest: Row): Row[] {
  const key = { model: 'm', version: '1', role: 'champion', segment: '' };
  const time = { window_start: sqlTime(window * MINUTE), window_end: sqlTime((window + 1) * MINUTE) };
  return FEATURES.map((feature) => {
    const kind = feature === '' ? '' : 'numeric';
    const values = feature === '' ? {} : { n: count, values: [0, 1], at_or_below: [count - 1, count], max: 1 };
    return { ...key, ...time, feature, kind, count, ...values, ...rest };
  });
}

const ledger = (window: number, partition: number, covered: number) =>
  store.insert(
    'chunk_rows',
    rowsOf(window, covered, {
      topic: 't',
      incarnation: 'i',
      partition,
      chunk_start: 0,
      generation: 0,
      spec_id: 's',
      covered,
    }),
  );

const seal = (window: number, covered: number, revision: number) =>
  store.insert(
    'window_rows',
    rowsOf(window, covered, {
      state: revision === 0 ? 'complete' : 'revised',
      revision,
      covered,
      coverage: '[]',
      note: '',
    }),
  );

function prediction(offset: number): Row {
  const place = { topic: 't', incarnation: 'i', partition: 0, offset };
  return {
    ...place,
    model: 'm',
    version: '1',
    role: 'champion',
    timestamp: sqlTime(offset),
    prediction_id: `p${offset}`,
    event: '{}',
  };
}

/** What services do to one window: flushes of growing prefixes, some written twice, the seal, late data, a revision, a stale seal. */
async function liveOf(window: number): Promise<void> {
  for (let flush = 1; flush <= FLUSHES; flush += 1) {
    for (let partition = 0; partition < PARTITIONS; partition += 1) {
      await ledger(window, partition, flush * PER_FLUSH);
      // A restarted process writes its prefix again, shorter than what is there.
      if (window % 3 === 0 && flush > 1) await ledger(window, partition, (flush - 1) * PER_FLUSH);
    }
    await store.insert(
      'prediction_rows',
      Array.from({ length: PER_FLUSH }, (_, index) => prediction(window * 100 + index)),
    );
  }
  await seal(window, PARTITIONS * FLUSHES * PER_FLUSH, 0);
  if (window % 2 === 1) return;
  await ledger(window, 0, (FLUSHES + 1) * PER_FLUSH);
  await seal(window, (PARTITIONS * FLUSHES + 1) * PER_FLUSH, 1);
  await seal(window, PARTITIONS * FLUSHES * PER_FLUSH, 0);
}

async function fillWindows(): Promise<void> {
  const manifests = Array.from({ length: PARTITIONS }, (_, partition) => ({ partition }));
  const rest = {
    topic: 't',
    incarnation: 'i',
    chunk_start: 0,
    group_generation: 1,
    spec_id: 's',
    reach: 0,
    passed: 0,
    closed: 0,
  };
  await store.insert(
    'manifest_rows',
    manifests.map((manifest) => ({ ...rest, ...manifest })),
  );
  for (let window = 0; window < WINDOWS; window += 1) {
    await liveOf(window);
    if (window % 10 === 9) {
      for (const table of ['chunk_rows', 'window_rows', 'prediction_rows'])
        await store.command(`OPTIMIZE TABLE ${table} FINAL`);
    }
  }
}

test('a reader that polls while windows are flushed, replayed, sealed, revised and merged sees each event at most once', async () => {
  const reader = new ViewReader({ sql: (query) => store.query(query), connections: 3, pauseMs: 0 }).start();
  await fillWindows();
  await reader.stop();
  await reader.settle();
  reader.assertNone();
  assert.equal(reader.unanswered, 0, reader.lastError);
  assert.ok(reader.answered > 100, `${reader.answered} polls`);
  const [sum] = await store.query<Row>('SELECT count() AS windows, sum(events) AS events FROM operations');
  const revised = WINDOWS / 2;
  assert.deepEqual(sum, {
    windows: WINDOWS,
    events: WINDOWS * PARTITIONS * FLUSHES * PER_FLUSH + revised * PER_FLUSH,
  });
});

const PLAIN = 'SELECT model, version, role, window_start, window_end';

/** Views as one might have written them: each leaks, and the reader must say how. */
const LEAKING: readonly { what: string; sql: string; told: RegExp }[] = [
  {
    what: 'the ledger without FINAL',
    sql: `${PLAIN}, sum(count) AS events, sum(errors) AS errors, 'provisional' AS state, 0 AS revision
      FROM chunk_rows WHERE feature = '' GROUP BY model, version, role, window_start, window_end`,
    told: /was \d+, in the end it is/,
  },
  {
    what: 'sealed rows beside the ledger',
    sql: `${PLAIN}, count AS events, errors, toString(state) AS state, revision FROM window_rows FINAL WHERE feature = ''
      UNION ALL ${PLAIN}, sum(count) AS events, sum(errors) AS errors, 'provisional' AS state, 0 AS revision
      FROM chunk_rows FINAL WHERE feature = '' GROUP BY model, version, role, window_start, window_end`,
    told: /listed twice/,
  },
];

for (const { what, sql, told } of LEAKING) {
  test(`the reader notices a leak: ${what}`, async () => {
    await store.command(`CREATE OR REPLACE VIEW operations_leaking AS ${sql}`);
    const [listed] = PROBES;
    const probe: Probe = { ...listed!, sql: listed!.sql.replace('operations', 'operations_leaking') };
    const reader = new ViewReader({ sql: (query) => store.query(query), probes: [probe], pauseMs: 5 }).start();
    await ledger(1_000, 0, 10);
    await ledger(1_000, 0, 20);
    await seal(1_000, 20, 0);
    await new Promise((resolve) => setTimeout(resolve, 500));
    await reader.stop();
    await store.command('OPTIMIZE TABLE chunk_rows FINAL');
    await reader.settle();
    assert.throws(() => reader.assertNone(), told);
  });
}

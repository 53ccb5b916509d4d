import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { openChdbStore } from '../../../lib/adapters/chdb/index.ts';
import { migrate } from '../../../lib/migrations/index.ts';
import type { Store } from '../../../lib/ports/store.ts';
import { loadAggregationSpec } from '../../../lib/registry/spec.ts';
import { writeManifest } from '../../../lib/tables/manifests.ts';
import { saveSpec } from '../../../lib/tables/specs.ts';
import { nextStart } from '../../../services/wiring/next-start.ts';
import { configWith } from '../../support/config.ts';

const dir = mkdtempSync(join(tmpdir(), 'driftline-next-start-'));
const PLACE = { topic: 't', incarnation: 'i', partition: 0, beginning: 0, end: 200, committed: null };
let store: Store;
before(async () => {
  store = await openChdbStore({ dir, database: 'driftline', readers: 1 });
  await migrate(store);
  const specId = await saveSpec(
    store,
    await loadAggregationSpec(configWith({ aggregation: { chunkSize: 64 } }), store),
  );
  await writeManifest(store, {
    topic: 't',
    incarnation: 'i',
    partition: 0,
    chunkStart: 128,
    groupGeneration: 1,
    specId,
    reach: 150,
    passed: 1,
    closed: false,
    replaying: null,
    epoch: { leaderEpoch: 7, reach: 150 },
  });
});
after(async () => {
  await store.close();
  rmSync(dir, { recursive: true });
});

/** A log that ends there for leader epoch 7, and knows no other. */
const endingAt = (end: number | null) => ({
  epochEnd: async (_place: unknown, epoch: number) => {
    assert.equal(epoch, 7);
    return end;
  },
});

test('the forecast asks the log where the epoch of the last record counted ended, as the aggregator does', async () => {
  assert.deepEqual(await nextStart(store, endingAt(200), PLACE), { kind: 'read', offset: 128, gap: null });
  assert.deepEqual(await nextStart(store, endingAt(140), PLACE), {
    kind: 'read',
    offset: 140,
    gap: { reason: 'log_truncated', first: 140, end: 150 },
  });
});

test('a log that ends before what rows cover: a loss where it tells epochs, a halt where it does not', async () => {
  const short = { ...PLACE, end: 145 };
  assert.deepEqual(await nextStart(store, endingAt(160), short), {
    kind: 'read',
    offset: 145,
    gap: { reason: 'log_truncated', first: 145, end: 150 },
  });
  for (const log of [endingAt(null), null]) assert.equal((await nextStart(store, log, short)).kind, 'halt');
});

test('a topic that nobody has counted yet is not asked for epochs', async () => {
  const other = { ...PLACE, topic: 'u', committed: 20 };
  assert.deepEqual(await nextStart(store, endingAt(0), other), {
    kind: 'read',
    offset: 20,
    gap: { reason: 'before_committed_offset', first: 0, end: 20 },
  });
});

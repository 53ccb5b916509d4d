import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ChdbStore, openChdbStore } from '../../lib/adapters/chdb/index.ts';
import { migrate } from '../../lib/migrations/index.ts';
import { createSqlServer } from '../../services/sql/index.ts';

const AGGREGATED = ['aggregation_specs', 'manifest_rows', 'chunk_rows', 'loss_rows', 'prediction_rows', 'label_rows'];

/** The embedded engine of this process, with Driftline's tables, behind HTTP as a ClickHouse server would be. */
export interface ServedStore {
  store: ChdbStore;
  url: string;
  /** A directory of the bench's own, removed in the end. */
  dir: string;
  /** Takes away what aggregators write. */
  empty(): Promise<void>;
  close(): Promise<void>;
}

export async function serveStore(): Promise<ServedStore> {
  const dir = await mkdtemp(join(tmpdir(), 'driftline-bench-'));
  const store = await openChdbStore({ dir: join(dir, 'engine'), database: 'driftline', readers: 2 });
  await migrate(store);
  const { engine } = store;
  const server = createSqlServer({ engine, host: '127.0.0.1', port: 0, writable: true, database: 'driftline' });
  await server.start();
  return {
    store,
    url: server.url,
    dir,
    empty: async () => {
      for (const table of AGGREGATED) await store.command(`TRUNCATE TABLE ${table}`);
    },
    close: async () => {
      await server.stop();
      await store.close();
      await rm(dir, { recursive: true });
    },
  };
}

/** Throws where the ledger has not just so many events. */
export async function requireAll({ store }: ServedStore, events: number): Promise<void> {
  const [row] = await store.query<{ events: number }>(
    "SELECT toFloat64(sum(count)) AS events FROM chunk_rows FINAL WHERE feature = '' AND segment = ''",
  );
  assert.equal(row?.events, events, 'events in the ledger');
}

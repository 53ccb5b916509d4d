import { join } from 'node:path';
import type { ChdbEngine } from '../../lib/adapters/chdb/index.ts';
import { createClickHouseStore } from '../../lib/adapters/clickhouse/index.ts';
import { type Store, StoreQueryError } from '../../lib/ports/store.ts';
import type { Config } from '../../lib/runtime/config/types.ts';
import { DriftlineError, describeError } from '../../lib/runtime/errors.ts';
import { reach } from './reach.ts';

export interface StoreOptions {
  /** Hands a server out though it does not answer, asked once. One that refuses, as a wrong password, still rejects. */
  mayBeAway?: boolean;
}

export interface OpenedStore {
  store: Store;
  /** The engine of this process; null where the store is a server. */
  engine: ChdbEngine | null;
}

/** Where the embedded engine keeps its files. */
export function engineDir(dataDir: string): string {
  return join(dataDir, 'clickhouse');
}

/** The store of the configuration, reachable unless it may be away. */
export async function openStore(config: Config, { mayBeAway = false }: StoreOptions = {}): Promise<OpenedStore> {
  const { store: settings } = config;
  if (settings.kind === 'embedded') return openEmbedded(engineDir(config.dataDir), settings.database);
  const store = createClickHouseStore(settings);
  const error = await reach(() => pingStore(store), mayBeAway ? 0 : undefined);
  if (error === null || (mayBeAway && !(error instanceof StoreQueryError))) return { store, engine: null };
  await store.close();
  throw storeUnreachable(settings.url, error);
}

/** Rejects where the store does not answer, or refuses whoever asks. */
export function pingStore(store: Store): Promise<void> {
  return store.ping().catch(passRefusal);
}

export function storeUnreachable(url: string, error: unknown): DriftlineError {
  return new DriftlineError(
    'store_unreachable',
    `ClickHouse ${error instanceof StoreQueryError ? 'refuses' : 'does not answer'} at ${url}: ${describeError(error)}`,
    'check store.url, store.username and store.password_file, and that the server is up',
    { cause: error },
  );
}

/** A server that refuses a database not made yet has answered; what is missing is told by the schema check. */
function passRefusal(error: unknown): void {
  if (error instanceof StoreQueryError && error.type === 'UNKNOWN_DATABASE') return;
  throw error;
}

async function openEmbedded(dir: string, database: string): Promise<OpenedStore> {
  // The engine's library alone takes a hundred megabytes: only who uses it loads it.
  const { openChdbStore } = await import('../../lib/adapters/chdb/index.ts');
  try {
    const store = await openChdbStore({ dir, database });
    return { store, engine: store.engine };
  } catch (error) {
    const hint = 'stop the other process, or choose another directory with --data';
    throw new DriftlineError('store_locked', describeError(error), hint, { cause: error });
  }
}

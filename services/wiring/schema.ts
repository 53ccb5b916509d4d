import { readdir } from 'node:fs/promises';
import { type Store, StoreQueryError } from '../../lib/ports/store.ts';
import { assetPath } from '../../lib/runtime/assets.ts';
import { DriftlineError } from '../../lib/runtime/errors.ts';

/** Throws where the store lacks a migration of this release: services of a cluster never change tables by themselves. */
export async function requireSchema(store: Store): Promise<void> {
  const files = await readdir(assetPath('infra', 'clickhouse', 'migrations'));
  const applied = new Set(await appliedNames(store));
  const missing = files.filter((name) => name.endsWith('.sql') && !applied.has(name)).sort();
  if (missing.length === 0) return;
  throw new DriftlineError(
    'schema_outdated',
    `the tables in database ${store.database} are not those of this release: not applied: ${missing.join(', ')}`,
    'run `driftline migrate` with the same configuration',
  );
}

async function appliedNames(store: Store): Promise<string[]> {
  try {
    const rows = await store.query<{ name: string }>('SELECT DISTINCT name FROM schema_migrations');
    return rows.map((row) => row.name);
  } catch (error) {
    if (error instanceof StoreQueryError && /^UNKNOWN_(TABLE|DATABASE)$/.test(error.type)) return [];
    throw error;
  }
}

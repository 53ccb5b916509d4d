import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { quoteIdentifier } from '../core/sql/params.ts';
import type { Store } from '../ports/store.ts';
import { assetPath } from '../runtime/assets.ts';
import { fillEngine, fillTemplate, type MigrationTarget, onCluster, splitStatements } from './template.ts';

export interface MigrateOptions {
  /** A cluster of the server's configuration; its tables are replicated. */
  cluster?: { name: string };
  /** Where the files are; the package's own by default. */
  dir?: string;
}

/**
 * Brings the store's database to this version's tables and views, creating it when missing. Resolves to the names of the
 * migrations applied now. Safe to repeat and to run twice at once: every statement is IF NOT EXISTS or OR REPLACE.
 */
export async function migrate(store: Store, options: MigrateOptions = {}): Promise<string[]> {
  const target: MigrationTarget = { database: store.database, ...(options.cluster && { cluster: options.cluster }) };
  await store.command(`CREATE DATABASE IF NOT EXISTS ${quoteIdentifier(store.database)} ${onCluster(target)}`);
  await store.command(ledgerTable(target));
  const done = await appliedMigrations(store);
  const applied: string[] = [];
  for (const { name, text } of await readMigrations(options.dir ?? assetPath('infra', 'clickhouse', 'migrations'))) {
    const checksum = createHash('sha256').update(text).digest('hex');
    if (isDone(done, name, checksum)) continue;
    for (const statement of splitStatements(text)) await store.command(fillTemplate(statement, target));
    await store.insert('schema_migrations', [{ name, checksum }]);
    applied.push(name);
  }
  return applied;
}

function ledgerTable(target: MigrationTarget): string {
  return `CREATE TABLE IF NOT EXISTS schema_migrations ${onCluster(target)} (
    name String, checksum String, applied_at DateTime64(3, 'UTC') DEFAULT now64(3)
  ) ENGINE = ${fillEngine('ReplacingMergeTree', '', 'schema_migrations', target)} ORDER BY name
  COMMENT 'migrations applied, by file name'`;
}

async function appliedMigrations(store: Store): Promise<Map<string, string>> {
  const rows = await store.query<{ name: string; checksum: string }>(
    'SELECT name, checksum FROM schema_migrations FINAL',
  );
  return new Map(rows.map(({ name, checksum }) => [name, checksum]));
}

/** Files that create views (`NNNN_views….sql`) may change with a version and are applied again; tables only ever gain files. */
function isDone(done: ReadonlyMap<string, string>, name: string, checksum: string): boolean {
  const before = done.get(name);
  if (before === undefined || before === checksum) return before !== undefined;
  if (/^\d+_views/.test(name)) return false;
  throw new Error(`migration ${name} was applied in another form: released migrations never change, add a new file`);
}

async function readMigrations(dir: string): Promise<{ name: string; text: string }[]> {
  const names = (await readdir(dir)).filter((name) => name.endsWith('.sql')).sort();
  return Promise.all(names.map(async (name) => ({ name, text: await readFile(join(dir, name), 'utf8') })));
}

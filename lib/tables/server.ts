import type { Store } from '../ports/store.ts';

/** What a ClickHouse server tells of itself and of Driftline's database; everything here only reads. */
export interface ServerFacts {
  version: string;
  /** The server's clock, ms. */
  now: number;
  uptimeSeconds: number;
}

export async function serverFacts(store: Store): Promise<ServerFacts> {
  const [row] = await store.query<ServerFacts>(
    'SELECT version() AS version, toUnixTimestamp64Milli(now64(3)) AS now, uptime() AS uptimeSeconds',
  );
  if (row === undefined) throw new Error('the store answered without a row');
  return row;
}

export interface DiskFacts {
  name: string;
  path: string;
  freeBytes: number;
  totalBytes: number;
}

/** Disks of the server; object stores, which have no size, are left out. */
export function disks(store: Store): Promise<DiskFacts[]> {
  return store.query<DiskFacts>(
    `SELECT name, path, unreserved_space AS freeBytes, total_space AS totalBytes FROM system.disks
     WHERE total_space > 0 AND total_space < {unlimited:UInt64}`,
    { unlimited: 2 ** 60 },
  );
}

export interface PartFacts {
  table: string;
  /** Active parts of its fullest partition: what the limit counts. */
  parts: number;
  /** `parts_to_throw_insert` in force for the table: inserts are refused beyond it. */
  limit: number;
  rows: number;
  bytes: number;
}

/** Tables of the database by how near they are to the limit. */
export function parts(store: Store): Promise<PartFacts[]> {
  return store.query<PartFacts>(PARTS, { database: store.database });
}

const PARTS = `
  SELECT by_partition.table AS table, max(parts) AS parts, sum(rows) AS rows, sum(bytes) AS bytes,
    any(coalesce(
      toUInt64OrNull(extract(t.create_table_query, 'parts_to_throw_insert\\\\s*=\\\\s*(\\\\d+)')),
      (SELECT toUInt64OrNull(value) FROM system.merge_tree_settings WHERE name = 'parts_to_throw_insert'),
      3000)) AS limit
  FROM (
    SELECT table, partition_id, count() AS parts, sum(rows) AS rows, sum(bytes_on_disk) AS bytes
    FROM system.parts WHERE active AND database = {database:String} GROUP BY table, partition_id
  ) AS by_partition
  LEFT JOIN (SELECT name, create_table_query FROM system.tables WHERE database = {database:String}) AS t
    ON t.name = by_partition.table
  GROUP BY by_partition.table
  ORDER BY parts / limit DESC, table`;

/** Replicas of the database's tables that take no writes now; none on a server without replication. */
export async function readOnlyReplicas(store: Store): Promise<string[]> {
  const rows = await store.query<{ table: string }>(
    'SELECT table FROM system.replicas WHERE database = {database:String} AND is_readonly ORDER BY table',
    { database: store.database },
  );
  return rows.map((row) => row.table);
}

/** Asks for the right to insert, without a row: rejects where this user may not, or the table takes no writes. */
export async function probeInsert(store: Store): Promise<void> {
  await store.command('INSERT INTO schema_migrations SELECT * FROM schema_migrations WHERE 0');
}

/** Names of the migrations that the database has; empty where the database or the table is missing. */
export async function appliedMigrations(store: Store): Promise<string[]> {
  const rows = await store.query<{ name: string }>(`SELECT DISTINCT name FROM schema_migrations ORDER BY name`);
  return rows.map((row) => row.name);
}

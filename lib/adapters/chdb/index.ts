import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import {
  type ClickHouseClient,
  type ClickHouseClientConfigOptions,
  ClickHouseLogLevel,
  createClient,
} from '@clickhouse/client';
import { createChdbConnection } from 'chdb/connection';
import { encodeRows, isEmpty } from '../../core/sql/json-rows.ts';
import { readNative } from '../../core/sql/native-reader.ts';
import { quoteIdentifier, quoteString, setParams } from '../../core/sql/params.ts';
import type { Engine } from '../../ports/engine.ts';
import { type Row, type SqlParams, type Store, StoreQueryError, StoreUnavailableError } from '../../ports/store.ts';
import type { DeathWatch } from './death.ts';
import { type OpenedEngine, openEngine } from './engine.ts';
import { asEngineError, asStoreError } from './errors.ts';
import { createPool } from './pool.ts';
import { openSpool, type Spool } from './spool.ts';
import { readerThreads } from './threads.ts';

export type { Engine as ChdbEngine } from '../../ports/engine.ts';
export { openChdbEngine } from './engine.ts';

export interface ChdbStoreOptions {
  /** The engine's data directory; created when missing; open in one process at a time. */
  dir: string;
  /** Created when missing. */
  database: string;
  /** Queries running at once; fewer where libuv has too few threads for them. */
  readers?: number;
}

export type ChdbStore = Store & { readonly engine: Engine };

type ClientConnection = NonNullable<ClickHouseClientConfigOptions['connection']>;

/** Settings of every connection, set once: a connection remembers what any statement sets. */
const SETTINGS =
  'SET output_format_json_quote_64bit_integers = 0, output_format_json_quote_denormals = 0, max_query_size = 268435456';
/** Aborting does not stop the engine; this does. Seconds. */
const READER_LIMIT = 'SET max_execution_time = 120';

/**
 * The store on the engine embedded in this process. Statements without a result and inserts go through one writer
 * connection in order; queries run on a pool of readers, each used by one at a time.
 */
export async function openChdbStore({ dir, database, readers = 4 }: ChdbStoreOptions): Promise<ChdbStore> {
  const { engine, death } = await openEngine(dir);
  try {
    await createDatabase(engine, database);
    const writer = await connect(engine, database, []);
    const length = Math.min(readers, readerThreads());
    const pool = await Promise.all(Array.from({ length }, () => connect(engine, database, [READER_LIMIT])));
    const spool = await openSpool(engine.dir);
    return createStore({ engine, death }, database, { client: writer, spool }, pool);
  } catch (error) {
    await engine.close();
    throw error;
  }
}

async function createDatabase(engine: Engine, database: string): Promise<void> {
  const session = engine.session();
  try {
    await session.run(`CREATE DATABASE IF NOT EXISTS ${quoteIdentifier(database)}`);
  } finally {
    session.close();
  }
}

async function connect(engine: Engine, database: string, settings: readonly string[]): Promise<ClickHouseClient> {
  // The two packages carry copies of one declaration, which TypeScript takes for two.
  const connection = createChdbConnection({ path: engine.dir }) as unknown as ClientConnection;
  const client = createClient({ connection, log: { level: ClickHouseLogLevel.OFF } });
  for (const sql of [SETTINGS, ...settings, `USE ${quoteIdentifier(database)}`]) await client.command({ query: sql });
  return client;
}

interface Writer {
  client: ClickHouseClient;
  spool: Spool;
}

function createStore(
  { engine, death }: OpenedEngine,
  database: string,
  writer: Writer,
  readers: readonly ClickHouseClient[],
): ChdbStore {
  const closed = () => new StoreUnavailableError('the embedded store is closed');
  const writing = createPool([writer], closed);
  const reading = createPool(readers, closed);
  const guard = <T>(work: () => Promise<T>): Promise<T> => guarded(death, work);
  return {
    engine,
    database,
    query: <T>(sql: string, params: SqlParams = {}) =>
      reading.use((client) =>
        guard(async () => {
          const result = await client.query({ query: bind(sql, params), format: 'JSONEachRow' });
          return result.json<T>();
        }),
      ),
    queryNative: async (sql, params = {}) => {
      const query = `${bind(sql, params)} FORMAT Native`;
      return reading.use(async (client) => readNative(await guard(() => bytesOf(client, query))));
    },
    insert: async (table, rows) => {
      if (!isEmpty(rows)) await writing.use(({ client }) => guard(() => insertRows(client, table, rows)));
    },
    insertNative: async (table, columns, pieces) => {
      await writing.use((writer) => insertPieces(writer, table, columns, pieces, guard));
    },
    command: async (sql, params = {}) => {
      await writing.use(({ client }) => guard(() => client.command({ query: bind(sql, params) })));
    },
    ping: async () => {
      await reading.use((client) => guard(() => client.command({ query: 'SELECT 1' })));
    },
    close: async () => {
      // What runs on a dead engine may never end.
      if (death.dead) return;
      await Promise.all([
        writing.close(async ({ client, spool }) => {
          await client.close();
          await spool.close();
        }),
        reading.close((client) => client.close()),
      ]);
      await engine.close();
    },
  };
}

/**
 * Parameters are set by a statement before the query, on the caller's own connection: chdb's bound queries wait for each
 * other across the whole process.
 */
function bind(sql: string, params: SqlParams): string {
  try {
    return setParams(sql, params) + sql;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new StoreQueryError(message, '456', 'UNKNOWN_QUERY_PARAMETER', { cause: error });
  }
}

async function bytesOf(client: ClickHouseClient, query: string): Promise<Uint8Array> {
  const { stream } = await client.exec({ query });
  return buffer(stream);
}

async function insertRows(client: ClickHouseClient, table: string, rows: Iterable<Row>): Promise<void> {
  const query = `INSERT INTO ${quoteIdentifier(table)} FORMAT JSONEachRow`;
  const { stream } = await client.exec({ query, values: Readable.from([encodeRows(rows)]) });
  stream.destroy();
}

/** What fails while the pieces are made is their maker's own error. */
async function insertPieces(
  { client, spool }: Writer,
  table: string,
  columns: readonly string[],
  pieces: Iterable<Uint8Array>,
  guard: <T>(work: () => Promise<T>) => Promise<T>,
): Promise<void> {
  const { path, length } = await spool.fill(pieces);
  if (length === 0) return;
  const names = columns.map(quoteIdentifier).join(', ');
  const source = `FROM INFILE ${quoteString(path)} COMPRESSION 'none' FORMAT Native`;
  await guard(() => client.command({ query: `INSERT INTO ${quoteIdentifier(table)} (${names}) ${source}` }));
}

async function guarded<T>(death: DeathWatch, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    death.saw(asEngineError(error));
    throw asStoreError(error);
  }
}

import { Readable } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import { type ClickHouseClient, ClickHouseLogLevel, createClient, type ExecResult } from '@clickhouse/client';
import { encodePieces, isEmpty } from '../../core/sql/json-rows.ts';
import type { ColumnBlock } from '../../core/sql/native-reader.ts';
import { placeholders, quoteIdentifier } from '../../core/sql/params.ts';
import { type SqlParams, type Store, StoreQueryError, StoreUnavailableError } from '../../ports/store.ts';
import { guard, parseNative, parseRows, requireDone } from './answers.ts';
import { withinDeadline } from './deadline.ts';
import { openPieces } from './pieces.ts';

export interface ClickHouseStoreOptions {
  url: string;
  database: string;
  username: string;
  password: string;
  /** A statement without its whole answer after this long is given up as unavailable; default 60 s. */
  requestTimeoutMs?: number;
}

/**
 * `wait_end_of_query`: the server answers once the statement has ended, so that an exception on the way becomes a status
 * instead of a 200 with half a result; where it does not, the exception must not look like a row. The others give one
 * reading of numbers whatever the server's profile says.
 */
const SETTINGS = {
  wait_end_of_query: 1,
  http_write_exception_in_output_format: 0,
  output_format_json_quote_64bit_integers: 0,
  output_format_json_quote_denormals: 0,
  async_insert: 0,
} as const;

/** The server need not go on with a query that nobody waits for. */
const ABANDONABLE = { cancel_http_readonly_queries_on_client_close: 1 } as const;
const TIMEOUT_MS = 60_000;

/** The store on a ClickHouse server (or cluster, or `driftline sql-server`) over HTTP. Connects at the first statement. */
export function createClickHouseStore(options: ClickHouseStoreOptions): Store {
  const timeoutMs = options.requestTimeoutMs ?? TIMEOUT_MS;
  const client = connect(options, timeoutMs, options.database);
  // A server refuses any statement sent to a database not there yet, even the one that creates it.
  const outside = connect(options, timeoutMs, 'default');
  let closed = false;
  const whileOpen = <T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> =>
    closed
      ? Promise.reject(new StoreUnavailableError('the store is closed'))
      : guard(() => withinDeadline(timeoutMs, work));
  return {
    database: options.database,
    query: <T>(sql: string, params: SqlParams = {}) => whileOpen((signal) => select<T>(client, sql, params, signal)),
    queryNative: async (sql, params = {}) => {
      const blocks = await whileOpen((signal) => selectNative(client, sql, params, signal));
      if (blocks.length > 0) return blocks;
      // Nothing is also what an answer without its blocks says.
      const counted = await whileOpen((signal) => select<{ n: number }>(client, countOf(sql), params, signal));
      if (counted[0]?.n !== 0) throw new StoreUnavailableError('the answer of ClickHouse held none of its rows');
      return [];
    },
    insert: async (table, rows) => {
      if (isEmpty(rows)) return;
      await whileOpen((signal) => insertData(client, `${into(table)} FORMAT JSONEachRow`, encodePieces(rows), signal));
    },
    insertNative: async (table, columns, pieces) => {
      const { isEmpty: nothing, all, cause } = openPieces(pieces);
      if (nothing) return;
      const query = `${into(table)} (${columns.map(quoteIdentifier).join(', ')}) FORMAT Native`;
      await whileOpen((signal) => insertData(client, query, all(), signal)).catch((error: unknown) => {
        throw cause(error);
      });
    },
    command: (sql, params = {}) => {
      const chosen = /^\s*(CREATE|DROP)\s+DATABASE\b/i.test(sql) ? outside : client;
      return whileOpen((signal) => execute(chosen, sql, params, signal));
    },
    ping: () => whileOpen((signal) => ping(client, signal)),
    close: async () => {
      closed = true;
      await Promise.all([client.close(), outside.close()]);
    },
  };
}

function connect(options: ClickHouseStoreOptions, timeoutMs: number, database: string): ClickHouseClient {
  return createClient({
    url: options.url,
    database,
    username: options.username,
    password: options.password,
    request_timeout: timeoutMs,
    max_open_connections: 16,
    application: 'driftline',
    clickhouse_settings: SETTINGS,
    // Every error is thrown, and logged once by whoever handles it.
    log: { level: ClickHouseLogLevel.OFF },
    use_multipart_params_auto: true,
  });
}

async function select<T>(
  client: ClickHouseClient,
  sql: string,
  params: SqlParams,
  abort_signal: AbortSignal,
): Promise<T[]> {
  requireParams(sql, params);
  const result = await client.query({
    query: sql,
    query_params: { ...params },
    format: 'JSONCompact',
    clickhouse_settings: ABANDONABLE,
    abort_signal,
  });
  // The client heeds the signal until the answer begins; from then on this does.
  abort_signal.addEventListener('abort', () => result.close());
  return parseRows<T>(await result.text(), result.response_headers);
}

/** How many rows there are goes with each: blocks that were lost on the way leave no gap. */
const ALL_ROWS = 'driftline_all_rows';
const countOf = (sql: string): string => `SELECT count() AS n FROM (${sql})`;

async function selectNative(
  client: ClickHouseClient,
  sql: string,
  params: SqlParams,
  abort_signal: AbortSignal,
): Promise<ColumnBlock[]> {
  requireParams(sql, params);
  const answer = await client.exec({
    query: `SELECT *, count() OVER () AS ${ALL_ROWS} FROM (${sql}) FORMAT Native`,
    query_params: { ...params },
    clickhouse_settings: ABANDONABLE,
    abort_signal,
  });
  abort_signal.addEventListener('abort', () => answer.stream.destroy());
  return parseNative(await buffer(answer.stream), answer.response_headers, ALL_ROWS);
}

const into = (table: string): string => `INSERT INTO ${quoteIdentifier(table)}`;

async function insertData(
  client: ClickHouseClient,
  query: string,
  data: Iterable<string | Uint8Array>,
  abort_signal: AbortSignal,
): Promise<void> {
  const values = Readable.from(data);
  const { body, headers } = await whole(await client.exec({ query, values, abort_signal }), abort_signal);
  requireDone(body, headers, true);
}

async function execute(
  client: ClickHouseClient,
  sql: string,
  params: SqlParams,
  abort_signal: AbortSignal,
): Promise<void> {
  requireParams(sql, params);
  const answer = await client.exec({ query: sql, query_params: { ...params }, abort_signal });
  const { body, headers } = await whole(answer, abort_signal);
  // ON CLUSTER tells of each node.
  requireDone(body, headers, false);
}

async function whole({ stream, response_headers }: ExecResult<Readable>, signal: AbortSignal) {
  signal.addEventListener('abort', () => stream.destroy());
  return { body: await text(stream), headers: response_headers };
}

async function ping(client: ClickHouseClient, abort_signal: AbortSignal): Promise<void> {
  await select(client, 'SELECT 1', {}, abort_signal);
}

/** As the server would answer, without the round trip; the embedded store needs the same check. */
function requireParams(sql: string, params: SqlParams): void {
  const missing = placeholders(sql).find((name) => !Object.hasOwn(params, name));
  if (missing !== undefined) {
    throw new StoreQueryError(`Substitution \`${missing}\` is not set`, '456', 'UNKNOWN_QUERY_PARAMETER');
  }
}

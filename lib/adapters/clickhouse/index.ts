import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { type ClickHouseClient, ClickHouseLogLevel, createClient } from '@clickhouse/client';
import { encodeRows } from '../../core/sql/json-rows.ts';
import { placeholders, quoteIdentifier } from '../../core/sql/params.ts';
import { type Row, type SqlParams, type Store, StoreQueryError, StoreUnavailableError } from '../../ports/store.ts';
import { guard, parseRows, refuseException } from './answers.ts';

export interface ClickHouseStoreOptions {
  url: string;
  database: string;
  username: string;
  password: string;
  /** A statement that takes longer is given up as unavailable. */
  requestTimeoutMs?: number;
}

/**
 * `wait_end_of_query`: the server answers once the statement has ended, so that an exception on the way becomes a status
 * instead of a 200 with half a result. The others give one reading of numbers whatever the server's profile says.
 */
const SETTINGS = {
  wait_end_of_query: 1,
  output_format_json_quote_64bit_integers: 0,
  output_format_json_quote_denormals: 0,
  async_insert: 0,
} as const;

/** The store on a ClickHouse server (or cluster, or `driftline sql-server`) over HTTP. Connects at the first statement. */
export function createClickHouseStore(options: ClickHouseStoreOptions): Store {
  const client = connect(options, options.database);
  // A server refuses any statement sent to a database not there yet, even the one that creates it.
  const outside = connect(options, 'default');
  let closed = false;
  const whileOpen = <T>(work: () => Promise<T>): Promise<T> =>
    closed ? Promise.reject(new StoreUnavailableError('the store is closed')) : guard(work);
  return {
    database: options.database,
    query: <T>(sql: string, params: SqlParams = {}) =>
      whileOpen(async () => {
        requireParams(sql, params);
        const result = await client.query({ query: sql, query_params: { ...params }, format: 'JSONEachRow' });
        refuseException('', result.response_headers);
        return parseRows<T>(await result.text());
      }),
    insert: async (table, rows) => {
      if (rows.length > 0) await whileOpen(() => insertRows(client, table, rows));
    },
    command: (sql, params = {}) => {
      const chosen = /^\s*(CREATE|DROP)\s+DATABASE\b/i.test(sql) ? outside : client;
      return whileOpen(() => execute(chosen, sql, params));
    },
    ping: () =>
      whileOpen(async () => {
        const answer = await client.ping({ select: true });
        if (!answer.success) throw answer.error;
      }),
    close: async () => {
      closed = true;
      await Promise.all([client.close(), outside.close()]);
    },
  };
}

function connect(options: ClickHouseStoreOptions, database: string): ClickHouseClient {
  return createClient({
    url: options.url,
    database,
    username: options.username,
    password: options.password,
    request_timeout: options.requestTimeoutMs ?? 60_000,
    max_open_connections: 16,
    application: 'driftline',
    clickhouse_settings: SETTINGS,
    // Every error is thrown, and logged once by whoever handles it.
    log: { level: ClickHouseLogLevel.OFF },
    use_multipart_params_auto: true,
  });
}

async function insertRows(client: ClickHouseClient, table: string, rows: readonly Row[]): Promise<void> {
  const query = `INSERT INTO ${quoteIdentifier(table)} FORMAT JSONEachRow`;
  const { stream, response_headers } = await client.exec({ query, values: Readable.from([encodeRows(rows)]) });
  refuseException(await text(stream), response_headers);
}

async function execute(client: ClickHouseClient, sql: string, params: SqlParams): Promise<void> {
  requireParams(sql, params);
  const { stream, response_headers } = await client.exec({ query: sql, query_params: { ...params } });
  refuseException(await text(stream), response_headers);
}

/** As the server would answer, without the round trip; the embedded store needs the same check. */
function requireParams(sql: string, params: SqlParams): void {
  const missing = placeholders(sql).find((name) => !Object.hasOwn(params, name));
  if (missing !== undefined) {
    throw new StoreQueryError(`Substitution \`${missing}\` is not set`, '456', 'UNKNOWN_QUERY_PARAMETER');
  }
}

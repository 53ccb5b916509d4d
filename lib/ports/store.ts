import type { ColumnBlock } from '../core/sql/native-reader.ts';

/**
 * The store port: ClickHouse SQL. Implementations: adapters/clickhouse (a server, over HTTP) and adapters/chdb (the
 * engine embedded in this process), both through @clickhouse/client. Both pass test/conformance/store.
 * Values go in as `{name:Type}` parameters, never by concatenation.
 */
export type SqlParams = Readonly<Record<string, unknown>>;
export type Row = Readonly<Record<string, unknown>>;

export interface Store {
  /** The database all of Driftline's tables live in; statements use unqualified names. */
  readonly database: string;
  /**
   * Rows of a SELECT. 64-bit integers arrive as numbers (Driftline's stay below 2^53); a finite Float64 keeps every bit;
   * NaN and ±inf arrive as null. A `{name:Type}` without its parameter is refused (456).
   */
  query<T = Row>(sql: string, params?: SqlParams): Promise<T[]>;
  /**
   * The same, sent by the store as it holds it, column by column: for many rows, and for long arrays of numbers. Rows come in
   * no order; arrays of Float64 are Float64Array, good as long as they are kept, NaN and ±inf arrive as they are. Columns may
   * be String, UInt8 to UInt64, Int32, Int64, Float64, DateTime64 (its ticks), Array and Nullable of those, or
   * LowCardinality(String). No block is empty.
   */
  queryNative(sql: string, params?: SqlParams): Promise<ColumnBlock[]>;
  /**
   * Appends rows in one INSERT. Resolves when they are durable in the store; idempotent retries are the caller's, by
   * the table's key and version. An empty list is a no-op. NaN, ±inf and −0 are stored as they are; typed arrays are
   * arrays; columns that a row leaves out take their defaults. Rows are taken as they are sent, so that a generator's need
   * never be in memory at once.
   */
  insert(table: string, rows: Iterable<Row>): Promise<void>;
  /**
   * The same for `columns` of rows encoded already: whole blocks of ClickHouse's Native format one after the other
   * (core/sql/native.ts), cut into pieces anywhere. Pieces are taken as they are sent and must not change after that; none
   * is a no-op. A block that the store cannot read, or that ends too early, is refused with all others.
   */
  insertNative(table: string, columns: readonly string[], pieces: Iterable<Uint8Array>): Promise<void>;
  /** DDL and other statements without a result. CREATE and DROP DATABASE also work while `database` does not exist. */
  command(sql: string, params?: SqlParams): Promise<void>;
  /** Rejects when the store cannot answer. */
  ping(): Promise<void>;
  close(): Promise<void>;
}

/** A statement the store refused; `code` and `type` are ClickHouse's own (47, UNKNOWN_IDENTIFIER). Never retryable by itself. */
export class StoreQueryError extends Error {
  override readonly name = 'StoreQueryError';
  readonly code: string;
  readonly type: string;
  constructor(message: string, code: string, type: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.type = type;
  }
}

/** The store cannot be reached or is overloaded: retry with back-off. */
export class StoreUnavailableError extends Error {
  override readonly name = 'StoreUnavailableError';
}

/**
 * ClickHouse's codes that say "not now" rather than "not this statement": time-outs, memory, too many parts or queries,
 * network, keeper, a replica that is read-only or behind, a server that goes down, files that cannot be written or read
 * (a full disk is 75, 243, 425, 1000 or 1001, by where it is met), and what the server itself has no code for.
 */
// biome-ignore format: a list of numbers
const UNAVAILABLE = new Set([
  74, 75, 76, 159, 160, 198, 202, 203, 209, 210, 225, 236, 241, 242, 243, 252, 279, 285, 319, 394, 425, 439, 473, 999,
  1000, 1001, 1002,
]);

/** Whether a statement refused with this code of ClickHouse's may succeed later as it is. */
export function isUnavailableCode(code: number | string): boolean {
  return UNAVAILABLE.has(Number(code));
}

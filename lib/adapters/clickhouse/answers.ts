import { ClickHouseError, parseError } from '@clickhouse/client';
import { StoreQueryError, StoreUnavailableError } from '../../ports/store.ts';

/** Codes that say "not now": timeouts, memory, too many parts or queries, network, read-only replica, keeper, disk. */
// biome-ignore format: a list of numbers
const UNAVAILABLE = new Set(['159', '160', '202', '203', '209', '210', '236', '241', '242', '243', '252', '279', '285', '319', '999']);
const EXCEPTION = /Code: \d+\. DB::(?:Net)?Exception: /;

type Headers = Readonly<Record<string, string | string[] | undefined>>;

/** Runs a statement; whatever it throws leaves as the store port's errors: refused by the server, or not answered. */
export async function guard<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw asStoreError(error);
  }
}

function asStoreError(error: unknown): Error {
  if (error instanceof StoreQueryError || error instanceof StoreUnavailableError) return error;
  if (error instanceof ClickHouseError && error.code !== undefined && !UNAVAILABLE.has(error.code)) {
    return new StoreQueryError(error.message, error.code, error.type ?? 'UNKNOWN_EXCEPTION', { cause: error });
  }
  const message = error instanceof Error ? error.message : String(error);
  return new StoreUnavailableError(message === '' ? 'no answer from ClickHouse' : message, { cause: error });
}

/** A server that has begun to answer can only report an exception inside a 200: in a header, or in the text. */
export function refuseException(body: string, headers: Headers): void {
  const code = headers['x-clickhouse-exception-code'];
  if (EXCEPTION.test(body)) throw parseError(body);
  if (code !== undefined)
    throw new ClickHouseError({ message: body || 'the statement failed', code: String(code), type: '' });
}

/** Rows of JSONEachRow text. A line that is no JSON is an exception, or an answer that broke off. */
export function parseRows<T>(body: string): T[] {
  const rows: T[] = [];
  for (const line of body.split('\n')) {
    if (line !== '') rows.push(parseRow<T>(line, body));
  }
  return rows;
}

function parseRow<T>(line: string, body: string): T {
  try {
    return JSON.parse(line) as T;
  } catch (error) {
    refuseException(body, {});
    throw new StoreUnavailableError('the answer of ClickHouse broke off', { cause: error });
  }
}

import { ClickHouseError, parseError } from '@clickhouse/client';
import { type ColumnBlock, NativeFormatError, readNative } from '../../core/sql/native-reader.ts';
import { isUnavailableCode, StoreQueryError, StoreUnavailableError } from '../../ports/store.ts';

/** How exceptions look in a text that began as an answer: ClickHouse's own, those of its libraries, the marker of 25.11. */
const EXCEPTION = /Code: \d+\. DB::(?:Net)?Exception: |\b(?:Poco|std)::exception\b|__exception__/i;
/** How much of an answer that nobody can read an error quotes. */
const QUOTED = 300;

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
  if (error instanceof ClickHouseError && error.code !== undefined && !isUnavailableCode(error.code)) {
    return new StoreQueryError(error.message, error.code, error.type ?? 'UNKNOWN_EXCEPTION', { cause: error });
  }
  const message = error instanceof Error ? error.message : String(error);
  return new StoreUnavailableError(message === '' ? 'no answer from ClickHouse' : message, { cause: error });
}

/**
 * Throws unless the 200 is ClickHouse's and tells of no exception. A server that has begun to answer can only report one
 * inside the answer: in a header, or in the text. And a 200 with none of its headers is some proxy's.
 */
function requireSuccess(body: string, headers: Headers): void {
  const code = headers['x-clickhouse-exception-code'];
  if (EXCEPTION.test(body)) throw parseError(body);
  if (code !== undefined)
    throw new ClickHouseError({ message: body || 'the statement failed', code: String(code), type: '' });
  if (Object.keys(headers).some((name) => name.startsWith('x-clickhouse-'))) return;
  throw new StoreUnavailableError(`the answer does not come from ClickHouse${quoted(body)}`);
}

/** Throws unless an insert or a statement without a result succeeded; `silent`: its answer must then be empty. */
export function requireDone(body: string, headers: Headers, silent: boolean): void {
  requireSuccess(body, headers);
  if (silent && body.trim() !== '') throw new StoreUnavailableError(`ClickHouse did not just confirm${quoted(body)}`);
}

interface Document {
  meta: readonly { name: string }[];
  data: readonly (readonly unknown[])[];
  rows: number;
  exception?: unknown;
}

/**
 * Rows of an answer in the format JSONCompact. Unlike lines it is one document with its end and its number of rows in it:
 * an answer cut off anywhere, be it between two rows or before the first, is none.
 */
export function parseRows<T>(body: string, headers: Headers): T[] {
  const document = parseDocument(body);
  // Only where it cannot be read: rows may hold any text, an exception's too.
  if (document === null) requireSuccess(body, headers);
  else if (document.exception !== undefined) throw parseError(String(document.exception));
  else requireSuccess('', headers);
  if (document === null || document.rows !== document.data.length) {
    throw new StoreUnavailableError(`the answer of ClickHouse broke off after ${body.length} characters`);
  }
  const names = document.meta.map(({ name }) => name);
  return document.data.map((values) => toRow<T>(names, values));
}

/** An answer in the Native format, with the number of its rows in the column `allRows`: see `readNative`. */
export function parseNative(body: Uint8Array, headers: Headers, allRows: string): ColumnBlock[] {
  const blocks = nativeBlocks(body, headers, allRows);
  requireSuccess('', headers);
  return blocks;
}

/** Only blocks that cannot be read may be an exception: others may hold any text, an exception's too. */
function nativeBlocks(body: Uint8Array, headers: Headers, allRows: string): ColumnBlock[] {
  try {
    return readNative(body, allRows);
  } catch (error) {
    if (!(error instanceof NativeFormatError)) throw error;
    requireSuccess(new TextDecoder().decode(body), headers);
    throw new StoreUnavailableError(`the answer of ClickHouse cannot be read: ${error.message}`);
  }
}

function parseDocument(body: string): Document | null {
  try {
    const parsed = JSON.parse(body) as Document | null;
    if (parsed !== null && typeof parsed === 'object' && parsed.exception !== undefined) return parsed;
    return Array.isArray(parsed?.meta) && Array.isArray(parsed.data) ? parsed : null;
  } catch {
    return null;
  }
}

function toRow<T>(names: readonly string[], values: readonly unknown[]): T {
  const row: Record<string, unknown> = {};
  for (let i = 0; i < names.length; i += 1) row[names[i]!] = values[i];
  return row as T;
}

function quoted(body: string): string {
  const text = body.trim();
  return text === '' ? '' : `: ${JSON.stringify(text.length > QUOTED ? `${text.slice(0, QUOTED)}…` : text)}`;
}

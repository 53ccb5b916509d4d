import { StoreQueryError, StoreUnavailableError } from '../../ports/store.ts';

/** Codes that say "not now" rather than "not this statement": timeouts, memory, too many parts or queries, disk. */
const UNAVAILABLE = new Set(['159', '160', '202', '203', '236', '241', '243', '252', '319']);
const EXCEPTION = /Code: (?<code>\d+)\. DB::Exception: (?<message>.*)\((?<type>[A-Z][A-Z0-9_]{2,})\)/s;

/** The engine's error as the store port's; what is no exception of the engine's means that it could not answer. */
export function asStoreError(error: unknown): Error {
  if (error instanceof StoreQueryError || error instanceof StoreUnavailableError) return error;
  const text = engineText(error);
  const { code, message, type } = EXCEPTION.exec(text)?.groups ?? {};
  if (code === undefined || message === undefined || type === undefined || UNAVAILABLE.has(code)) {
    return new StoreUnavailableError(text, { cause: error });
  }
  return new StoreQueryError(message.trim(), code, type, { cause: error });
}

/** The engine's own words are the innermost cause: @clickhouse/client takes words in brackets for the type, and cuts. */
function engineText(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause === undefined ? error.message : engineText(error.cause);
}

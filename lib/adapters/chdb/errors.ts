import { EngineError } from '../../ports/engine.ts';
import { isUnavailableCode, StoreQueryError, StoreUnavailableError } from '../../ports/store.ts';

const EXCEPTION = /Code: (?<code>\d+)\. DB::(?:Net)?Exception: (?<message>.*)\((?<type>[A-Z][A-Z0-9_]{2,})\)/s;

/** The engine's error with its code; what is no exception of ClickHouse's gets code 1002 (UNKNOWN_EXCEPTION). */
export function asEngineError(error: unknown): EngineError {
  const text = engineText(error);
  const { code, message, type } = EXCEPTION.exec(text)?.groups ?? {};
  if (code === undefined || message === undefined || type === undefined) {
    return new EngineError(text, 1002, 'UNKNOWN_EXCEPTION', { cause: error });
  }
  return new EngineError(message.trim(), Number(code), type, { cause: error });
}

/** The engine's error as the store port's: refused, or not answered. */
export function asStoreError(error: unknown): Error {
  if (error instanceof StoreQueryError || error instanceof StoreUnavailableError) return error;
  const { message, code, type } = asEngineError(error);
  if (isUnavailableCode(code)) return new StoreUnavailableError(`${message} (${type})`, { cause: error });
  return new StoreQueryError(message, String(code), type, { cause: error });
}

/** The engine's own words are the innermost cause: @clickhouse/client takes words in brackets for the type, and cuts. */
function engineText(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause === undefined ? error.message : engineText(error.cause);
}

import { EngineError } from '../../lib/ports/engine.ts';

/** An exception of this server's own making, in ClickHouse's codes, so that clients need only one reading. */
export function exception(code: keyof typeof CODES, message: string): EngineError {
  return new EngineError(message, CODES[code], code);
}

const CODES = {
  BAD_ARGUMENTS: 36,
  CHECKSUM_DOESNT_MATCH: 40,
  NOT_IMPLEMENTED: 48,
  SYNTAX_ERROR: 62,
  UNKNOWN_COMPRESSION_METHOD: 89,
  INCORRECT_DATA: 117,
  READONLY: 164,
  CANNOT_DECOMPRESS: 271,
  TOO_MANY_SIMULTANEOUS_QUERIES: 202,
  QUERY_IS_TOO_LARGE: 229,
  TOO_MANY_ROWS_OR_BYTES: 396,
  AUTHENTICATION_FAILED: 516,
} as const;

/** Statuses by code, as ClickHouse's HTTPHandler maps them; the others are 500. */
const STATUS = new Map<number, number>([
  ...[194].map((code) => [code, 401] as const),
  ...[192, 193, 516, 497, 511].map((code) => [code, 403] as const),
  ...[6, 25, 26, 27, 38, 41, 53, 62, 72, 117, 130, 131, 427].map((code) => [code, 400] as const),
  ...[36, 43, 69, 70, 128, 162, 179, 184, 456, 457].map((code) => [code, 400] as const),
  ...[16, 46, 47, 50, 56, 60, 63, 73, 81, 115].map((code) => [code, 404] as const),
  [48, 501],
  [89, 400],
  [159, 408],
  [164, 403],
  [202, 503],
  [203, 503],
  [209, 503],
  [229, 413],
]);

export function httpStatus(error: EngineError): number {
  return STATUS.get(error.code) ?? 500;
}

/** The body of an error response. */
export function exceptionText({ code, message, type }: EngineError): string {
  return `Code: ${code}. DB::Exception: ${message} (${type})\n`;
}

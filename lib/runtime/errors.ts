/**
 * Every error a person may meet, by code. docs/errors.md documents each; a test compares the two both ways.
 * `exit` is the process's exit code: 1 failed at run time, 2 bad flags or configuration.
 */
export const ERROR_CODES = {
  config_invalid: { exit: 2, summary: 'The configuration has errors; each is listed with its path.' },
  usage: { exit: 2, summary: 'A flag or argument is unknown, missing or malformed.' },
  needs_distributed: {
    exit: 2,
    summary: 'The command needs Kafka and a ClickHouse server, but one of them is embedded.',
  },
  reference_unreadable: { exit: 2, summary: 'A reference file is missing, is not a table, or lacks a mapped column.' },
  port_in_use: { exit: 1, summary: 'The address to listen on is taken or not allowed.' },
  log_unreachable: { exit: 1, summary: 'The log (Kafka) did not answer in time.' },
  api_unreachable: { exit: 1, summary: 'The HTTP API that `replay` was to send to did not answer.' },
  replay_refused: { exit: 1, summary: 'The HTTP API refused events of a replay; what was sent before stays.' },
  store_unreachable: { exit: 1, summary: 'The store (ClickHouse) did not answer in time.' },
  store_locked: {
    exit: 1,
    summary: 'The embedded data directory cannot be opened, usually because another process holds it.',
  },
  engine_failed: { exit: 1, summary: 'The embedded ClickHouse engine has died within a running process.' },
  schema_outdated: { exit: 1, summary: 'The tables of the store are missing or older than this release.' },
  start_failed: { exit: 1, summary: 'A service could not start.' },
  service_failed: { exit: 1, summary: 'A service ended by itself.' },
  internal: { exit: 1, summary: 'An error nobody foresaw: please report it.' },
} as const;

export type ErrorCode = keyof typeof ERROR_CODES;

/** An error for people: what and where in `message`, what to do in `hint`. Its code is in docs/errors.md. */
export class DriftlineError extends Error {
  override readonly name: string = 'DriftlineError';
  readonly code: ErrorCode;
  readonly hint: string | null;
  constructor(code: ErrorCode, message: string, hint: string | null = null, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.hint = hint;
  }
}

/** The message of anything thrown, with its causes, on one line. */
export function describeError(error: unknown): string {
  const parts: string[] = [];
  for (let current = error; current !== undefined && current !== null && parts.length < 4; ) {
    const text = current instanceof Error ? messageOf(current) : String(current);
    if (text !== '' && !parts.some((part) => part.includes(text))) parts.push(text);
    current = current instanceof Error ? current.cause : undefined;
  }
  return parts.join(': ') || 'unknown error';
}

/** A failed connection to several addresses is an AggregateError without a message of its own. */
function messageOf(error: Error): string {
  if (error.message !== '') return error.message;
  if (error instanceof AggregateError) return error.errors.map((inner) => describeError(inner)).join('; ');
  return error.name;
}

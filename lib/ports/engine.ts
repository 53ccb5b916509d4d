/**
 * The engine port: the embedded ClickHouse engine below the store, for what serves SQL to others (services/sql). Only
 * adapters/chdb implements it: a ClickHouse server has an HTTP interface of its own.
 */

/** What one statement gave back. */
export interface EngineResult {
  /** The result in the asked output format, untouched. */
  bytes: Uint8Array;
  /** Rows and bytes of the result, and the engine's own time in seconds. */
  rows: number;
  rowBytes: number;
  elapsedSeconds: number;
}

/**
 * One connection to the engine: a queue of its own, with settings and parameters of its own that it remembers until it is
 * closed. Opening one takes about a millisecond, so that a request may have one for itself.
 */
export interface EngineSession {
  /**
   * Runs one statement, or several separated by semicolons; `format` is the output format where the SQL names none.
   * Rejects with EngineError for what the engine refuses.
   */
  run(sql: string, format?: string): Promise<EngineResult>;
  /** Idempotent; what is running ends first. */
  close(): void;
}

/** The embedded ClickHouse engine on one data directory: one a process, and one process a directory. */
export interface Engine {
  readonly dir: string;
  session(): EngineSession;
  /** Resolves at once where the engine has died. */
  close(): Promise<void>;
  /**
   * Rejects with the engine's own error when it has died: it refuses every statement from then on, and only another
   * process has a working one again.
   */
  readonly failed: Promise<never>;
}

/** The engine's exception: its code (47) and type (UNKNOWN_IDENTIFIER); the message is without both. */
export class EngineError extends Error {
  override readonly name = 'EngineError';
  readonly code: number;
  readonly type: string;
  constructor(message: string, code: number, type: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.type = type;
  }
}

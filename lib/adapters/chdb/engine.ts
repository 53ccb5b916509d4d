import { mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { drainPending, type QueryOptions, Session } from 'chdb';
import { quoteIdentifier, quoteString } from '../../core/sql/params.ts';
import { asStoreError } from './errors.ts';

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
  /** Runs one statement or several separated by semicolons; `format` is the output format where the SQL names none. */
  run(sql: string, format?: string): Promise<EngineResult>;
  /** Idempotent; what is running ends first. */
  close(): void;
}

/** The embedded ClickHouse engine on one data directory: one a process, and one process a directory. */
export interface ChdbEngine {
  readonly dir: string;
  /** `database` becomes the session's current one; `settings` apply to this session alone. */
  session(options?: {
    database?: string;
    settings?: Readonly<Record<string, string | number>>;
  }): Promise<EngineSession>;
  close(): Promise<void>;
}

/**
 * Opens (and creates) the data directory. Rejects with a plain Error where another process has it open. The engine's own
 * database `default` shows every file of the machine as a table; it is replaced by an empty one for the process's life.
 */
export async function openChdbEngine(dir: string): Promise<ChdbEngine> {
  const path = resolve(dir);
  mkdirSync(path, { recursive: true });
  const keeper = openSession(path);
  try {
    await hideFiles(keeper, path);
  } catch (error) {
    keeper.close();
    await drainPending();
    throw error;
  }
  return {
    dir: path,
    session: (options = {}) => prepare(openSession(path), options),
    close: async () => {
      keeper.close();
      await drainPending();
    },
  };
}

function openSession(path: string): EngineSession {
  let session: Session;
  try {
    session = new Session(path);
  } catch (error) {
    throw new Error(
      `cannot open the embedded engine in ${path}: another process has it open, or this one has another directory open, or ` +
        'the directory cannot be written. Stop the other process, choose another data directory, or share this one through ' +
        '`driftline sql-server`',
      { cause: error },
    );
  }
  return { run: (sql, format) => run(session, sql, format), close: () => session.close() };
}

async function run(session: Session, sql: string, format?: string): Promise<EngineResult> {
  const options: QueryOptions = format === undefined ? {} : { format };
  try {
    const result = await session.queryAsync(sql, options);
    return {
      bytes: result.bytes(),
      rows: result.rowsRead,
      rowBytes: result.bytesRead,
      elapsedSeconds: result.elapsed,
    };
  } catch (error) {
    throw asStoreError(error);
  }
}

async function hideFiles(session: EngineSession, path: string): Promise<void> {
  const text = async (sql: string) =>
    Buffer.from((await session.run(sql, 'TSV')).bytes)
      .toString('utf8')
      .trim();
  if ((await text("SELECT engine FROM system.databases WHERE name = 'default'")) !== 'Overlay') return;
  const zero = '00000000-0000-0000-0000-000000000000';
  const tables = await text(`SELECT count() FROM system.tables WHERE database = 'default' AND uuid != '${zero}'`);
  if (tables !== '0') {
    throw new Error(
      `${path} holds ${tables} tables in the database default, which Driftline does not keep: move them first`,
    );
  }
  await session.run('DROP DATABASE default');
  await session.run('CREATE DATABASE default ENGINE = Memory');
}

async function prepare(
  session: EngineSession,
  options: { database?: string; settings?: Readonly<Record<string, string | number>> },
): Promise<EngineSession> {
  try {
    if (options.database !== undefined) await session.run(`USE ${quoteIdentifier(options.database)}`);
    const settings = Object.entries(options.settings ?? {});
    if (settings.length > 0) {
      await session.run(`SET ${settings.map(([name, value]) => `${name} = ${quoteString(String(value))}`).join(', ')}`);
    }
    return session;
  } catch (error) {
    session.close();
    throw error;
  }
}

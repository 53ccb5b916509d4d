import { mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { drainPending, type QueryOptions, Session } from 'chdb';
import { type Engine, EngineError, type EngineResult, type EngineSession } from '../../ports/engine.ts';
import { type DeathWatch, watchForDeath } from './death.ts';
import { asEngineError } from './errors.ts';
import { createPool } from './pool.ts';
import { restoreSignals } from './signals.ts';
import { sessionThreads } from './threads.ts';

export interface OpenedEngine {
  engine: Engine;
  death: DeathWatch;
}

/**
 * Opens (and creates) the data directory. Rejects with a plain Error where another process has it open. The engine's own
 * database `default` shows every file of the machine as a table; it is replaced by an empty one for the process's life.
 */
export async function openEngine(dir: string): Promise<OpenedEngine> {
  const path = resolve(dir);
  mkdirSync(path, { recursive: true });
  const keeper = openSession(path);
  restoreSignals();
  try {
    await hideFiles(keeper, path);
  } catch (error) {
    keeper.close();
    await drainPending();
    throw error;
  }
  const death = watchForDeath(() => keeper.run('SELECT 1'));
  return { engine: createEngine(path, keeper, death), death };
}

/** The same for who needs no store on it. */
export async function openChdbEngine(dir: string): Promise<Engine> {
  return (await openEngine(dir)).engine;
}

function createEngine(path: string, keeper: EngineSession, death: DeathWatch): Engine {
  const turns = createPool([...Array(sessionThreads()).keys()], () => new Error('the embedded engine is closed'));
  const watched = async (work: Promise<EngineResult>): Promise<EngineResult> => {
    try {
      return await work;
    } catch (error) {
      if (error instanceof EngineError) death.saw(error);
      throw error;
    }
  };
  return {
    dir: path,
    session: () => {
      const session = openSession(path);
      return { ...session, run: (sql, format) => turns.use(() => watched(session.run(sql, format))) };
    },
    close: async () => {
      if (death.dead) return;
      keeper.close();
      await drainPending();
    },
    failed: death.failed,
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
    throw asEngineError(error);
  }
}

async function hideFiles(session: EngineSession, path: string): Promise<void> {
  const text = async (sql: string) =>
    Buffer.from((await session.run(sql, 'TSV')).bytes)
      .toString('utf8')
      .trim();
  if ((await text("SELECT engine FROM system.databases WHERE name = 'default'")) !== 'Overlay') return;
  // Files appear among its tables only once they have been read from; a table here would be dropped with the database.
  const tables = await text("SELECT count() FROM system.tables WHERE database = 'default'");
  if (tables !== '0') {
    throw new Error(
      `${path} holds ${tables} tables in the database default, which Driftline does not keep: move them first`,
    );
  }
  await session.run('DROP DATABASE default');
  await session.run('CREATE DATABASE default ENGINE = Memory');
}

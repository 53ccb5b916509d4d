import type { Store } from '../../lib/ports/store.ts';
import { describeError } from '../../lib/runtime/errors.ts';
import { retry } from '../../lib/runtime/retry.ts';
import type { ServiceContext } from '../../lib/runtime/service.ts';

type Logger = ServiceContext['logger'];

/** What is wrong with the store or the log right now, for readiness; shared by all models of the detector. */
export interface Trouble {
  current: string | null;
}

/** How long an attempt may be repeated, and who hears of it. */
export interface Persistence {
  logger: Logger;
  trouble: Trouble;
  /** Aborts when the model was given up. */
  signal: AbortSignal;
}

/**
 * The store as the detector uses it: every call is tried until it succeeds or the signal aborts. Reads change nothing, and
 * writes replace the row they wrote before.
 */
export function persistentStore(store: Store, persistence: Persistence): Store {
  const persist = <T>(task: () => Promise<T>): Promise<T> => persistently('store', task, persistence);
  return {
    database: store.database,
    query: (sql, params) => persist(() => store.query(sql, params)),
    queryNative: (sql, params) => persist(() => store.queryNative(sql, params)),
    insert: (table, rows) => persist(() => store.insert(table, rows)),
    insertNative: (table, columns, pieces) => persist(() => store.insertNative(table, columns, pieces)),
    command: (sql, params) => persist(() => store.command(sql, params)),
    ping: () => store.ping(),
    close: () => store.close(),
  };
}

/** Does what may be done twice until it succeeds or the signal aborts. */
export async function persistently<T>(
  what: 'store' | 'log',
  task: () => Promise<T>,
  { logger, trouble, signal }: Persistence,
): Promise<T> {
  const onRetry = (error: unknown, attempt: number): void => {
    trouble.current = `the ${what} does not do its part: ${describeError(error)}`;
    if (attempt === 1 || attempt % 20 === 0) logger.warn({ err: error, attempt }, `${trouble.current}; trying again`);
  };
  const result = await retry(task, { signal, onRetry });
  trouble.current = null;
  return result;
}

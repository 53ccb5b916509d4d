import type { Log, NewRecord } from '../../lib/ports/log.ts';
import type { Store } from '../../lib/ports/store.ts';
import { describeError } from '../../lib/runtime/errors.ts';
import { retry } from '../../lib/runtime/retry.ts';
import type { ServiceContext } from '../../lib/runtime/service.ts';

type Logger = ServiceContext['logger'];

/** What is wrong with the store or the log right now, for readiness; shared by all models of the detector. */
export interface Trouble {
  current: string | null;
}

/**
 * The store as the detector uses it: every call is tried until it succeeds or `signal` aborts (the model was given up).
 * Reads change nothing, and writes replace the row they wrote before.
 */
export function persistentStore(store: Store, logger: Logger, trouble: Trouble, signal: AbortSignal): Store {
  const persist = <T>(task: () => Promise<T>): Promise<T> => persistently('store', task, logger, trouble, signal);
  return {
    database: store.database,
    query: (sql, params) => persist(() => store.query(sql, params)),
    insert: (table, rows) => persist(() => store.insert(table, rows)),
    command: (sql, params) => persist(() => store.command(sql, params)),
    ping: () => store.ping(),
    close: () => store.close(),
  };
}

/** Appends until the log takes it; a repeated record is dropped by its revision. */
export function appendPersistently(
  log: Log,
  topic: string,
  records: readonly NewRecord[],
  logger: Logger,
  trouble: Trouble,
  signal: AbortSignal,
): Promise<void> {
  return persistently('log', () => log.append(topic, records), logger, trouble, signal);
}

/** A question to the log, asked until it is answered. */
export function askPersistently<T>(
  question: () => Promise<T>,
  logger: Logger,
  trouble: Trouble,
  signal: AbortSignal,
): Promise<T> {
  return persistently('log', question, logger, trouble, signal);
}

async function persistently<T>(
  what: 'store' | 'log',
  task: () => Promise<T>,
  logger: Logger,
  trouble: Trouble,
  signal: AbortSignal,
): Promise<T> {
  const onRetry = (error: unknown, attempt: number): void => {
    trouble.current = `the ${what} does not do its part: ${describeError(error)}`;
    if (attempt === 1 || attempt % 20 === 0) logger.warn({ err: error, attempt }, `${trouble.current}; trying again`);
  };
  const result = await retry(task, { signal, onRetry });
  trouble.current = null;
  return result;
}

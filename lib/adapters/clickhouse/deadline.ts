import { StoreUnavailableError } from '../../ports/store.ts';

/**
 * Gives `work` until `ms` from now, its waiting for a connection and the reading of the answer included: the client's own
 * time-out begins with a connection and begins anew with every byte, so that a store that stalls could hold a caller for
 * ever. `signal` aborts then; `work` is left behind whether it heeds that or not.
 */
export async function withinDeadline<T>(ms: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const abort = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new StoreUnavailableError(`no whole answer from ClickHouse within ${ms} ms`));
      abort.abort();
    }, ms);
  });
  try {
    return await Promise.race([work(abort.signal), late]);
  } finally {
    clearTimeout(timer);
  }
}

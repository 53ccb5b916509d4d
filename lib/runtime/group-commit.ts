import { type Deferred, deferred } from './deferred.ts';

/**
 * Writes of many callers as few: what arrives in the same turn of the event loop, or while a write is under way, goes out
 * together in the next. Each call settles with the write that held its items.
 */
export function groupCommit<T>(write: (items: readonly T[]) => Promise<void>): (items: readonly T[]) => Promise<void> {
  let waiting: { items: readonly T[]; done: Deferred<void> }[] = [];
  let writing = false;
  const flush = async (): Promise<void> => {
    while (waiting.length > 0) {
      const batch = waiting;
      waiting = [];
      const settle = await write(batch.flatMap(({ items }) => items)).then(
        () => (done: Deferred<void>) => done.resolve(),
        (error: unknown) => (done: Deferred<void>) => done.reject(error),
      );
      for (const { done } of batch) settle(done);
    }
    writing = false;
  };
  return (items) => {
    if (items.length === 0) return Promise.resolve();
    const done = deferred<void>();
    waiting.push({ items, done });
    if (!writing) setImmediate(() => void flush());
    writing = true;
    return done.promise;
  };
}

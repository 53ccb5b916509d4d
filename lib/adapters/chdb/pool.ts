/**
 * A few resources, each used by one caller at a time, handed out in the order of asking: a connection of the embedded
 * engine is a queue, and a quick query would wait behind a slow one on the same connection while another is free.
 */
export interface Pool<T> {
  use<R>(work: (resource: T) => Promise<R>): Promise<R>;
  /** Waits for what is running; later and waiting callers are refused. */
  close(dispose: (resource: T) => Promise<void>): Promise<void>;
}

export function createPool<T>(resources: readonly T[], closed: () => Error): Pool<T> {
  const free = [...resources];
  const waiting: { resolve: (resource: T) => void; reject: (error: Error) => void }[] = [];
  let closing: (() => void) | null = null;
  let isClosed = false;

  function acquire(): Promise<T> {
    if (isClosed) return Promise.reject(closed());
    const resource = free.pop();
    if (resource !== undefined) return Promise.resolve(resource);
    return new Promise((resolve, reject) => waiting.push({ resolve, reject }));
  }

  function release(resource: T): void {
    const next = waiting.shift();
    if (next === undefined) free.push(resource);
    else next.resolve(resource);
    if (free.length === resources.length) closing?.();
  }

  async function idle(): Promise<void> {
    if (free.length === resources.length) return;
    await new Promise<void>((resolve) => {
      closing = resolve;
    });
  }

  return {
    async use(work) {
      const resource = await acquire();
      try {
        return await work(resource);
      } finally {
        release(resource);
      }
    },
    async close(dispose) {
      if (isClosed) return;
      isClosed = true;
      for (const { reject } of waiting.splice(0)) reject(closed());
      await idle();
      for (const resource of resources) await dispose(resource);
    },
  };
}

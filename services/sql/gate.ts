import { exception } from './exception.ts';

/** Lets `running` callers work at once and `waiting` more wait in order; the next is refused at once. */
export function createGate(running: number, waiting: number): <T>(work: () => Promise<T>) => Promise<T> {
  let free = running;
  const queue: (() => void)[] = [];

  async function enter(): Promise<void> {
    if (free > 0) {
      free -= 1;
      return;
    }
    if (queue.length >= waiting) {
      const message = `Too many simultaneous queries. Maximum: ${running} running and ${waiting} waiting`;
      throw exception('TOO_MANY_SIMULTANEOUS_QUERIES', message);
    }
    await new Promise<void>((resolve) => queue.push(resolve));
  }

  function leave(): void {
    const next = queue.shift();
    if (next === undefined) free += 1;
    else next();
  }

  return async (work) => {
    await enter();
    try {
      return await work();
    } finally {
      leave();
    }
  };
}

/** How many may wait, and what the next one is refused with. */
export interface Queue {
  waiting: number;
  refuse(): Error;
}

/** Runs at most `count` tasks at once, the others in order of arrival; any number waits where no queue is given. */
export function createSlots(count: number, queue?: Queue): <T>(task: () => Promise<T>) => Promise<T> {
  let free = count;
  const waiting: (() => void)[] = [];
  const enter = async (): Promise<void> => {
    if (free > 0) {
      free -= 1;
      return;
    }
    if (queue !== undefined && waiting.length >= queue.waiting) throw queue.refuse();
    await new Promise<void>((resolve) => waiting.push(resolve));
  };
  const leave = (): void => {
    const next = waiting.shift();
    if (next === undefined) free += 1;
    else next();
  };
  return async (task) => {
    await enter();
    try {
      return await task();
    } finally {
      leave();
    }
  };
}

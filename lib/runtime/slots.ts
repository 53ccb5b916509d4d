/** How many may wait, and what the next one is refused with. */
export interface Queue {
  waiting: number;
  refuse(): Error;
}

interface Waiting {
  weight: number;
  enter(): void;
}

/**
 * Runs tasks as long as their weights (1 where not given) come to `count` at most, the others in order of arrival; one that
 * weighs more runs alone. Any number waits where no queue is given.
 */
export function createSlots(count: number, queue?: Queue): <T>(task: () => Promise<T>, weight?: number) => Promise<T> {
  let free = count;
  const waiting: Waiting[] = [];
  const enter = async (weight: number): Promise<void> => {
    if (waiting.length === 0 && weight <= free) {
      free -= weight;
      return;
    }
    if (queue !== undefined && waiting.length >= queue.waiting) throw queue.refuse();
    await new Promise<void>((resolve) => waiting.push({ weight, enter: resolve }));
  };
  const leave = (weight: number): void => {
    free += weight;
    for (let next = waiting[0]; next !== undefined && next.weight <= free; next = waiting[0]) {
      waiting.shift();
      free -= next.weight;
      next.enter();
    }
  };
  return async (task, weight = 1) => {
    const own = Math.min(weight, count);
    await enter(own);
    try {
      return await task();
    } finally {
      leave(own);
    }
  };
}

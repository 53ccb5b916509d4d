import { createSlots } from '../../lib/runtime/slots.ts';

/** What all lanes of one channel share: how many requests run at once, and a pause the other side asked for. */
export interface Gate {
  /** Runs the task once fewer than the limit are running, in order of arrival. */
  run<T>(task: () => Promise<T>): Promise<T>;
  /** No request before this time, ms: 429 counts for the whole account, not for one incident. */
  notBefore(): number;
  holdUntil(ms: number): void;
}

export function createGate(limit: number): Gate {
  let hold = 0;
  return {
    run: createSlots(limit),
    notBefore: () => hold,
    holdUntil(ms) {
      hold = Math.max(hold, ms);
    },
  };
}

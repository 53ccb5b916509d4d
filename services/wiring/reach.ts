import { setTimeout as sleep } from 'node:timers/promises';
import { StoreQueryError } from '../../lib/ports/store.ts';
import { retry } from '../../lib/runtime/retry.ts';

const PATIENCE_MS = 10_000;
const ATTEMPT_MS = 5_000;

/**
 * Tries a connection for about ten seconds, as services of one deployment come up together, or for `patienceMs` (0: once).
 * null once it answers, else the last error. Bounded even where an attempt itself hangs.
 */
export async function reach(ping: () => Promise<void>, patienceMs = PATIENCE_MS): Promise<unknown> {
  try {
    // A refusal, as of a wrong password, is an answer that another attempt will not change.
    const retryable = (error: unknown): boolean => !(error instanceof StoreQueryError);
    await retry(() => within(ping, ATTEMPT_MS), {
      totalMs: patienceMs,
      minDelayMs: 200,
      maxDelayMs: 2_000,
      retryable,
    });
    return null;
  } catch (error) {
    return error;
  }
}

async function within(task: () => Promise<void>, ms: number): Promise<void> {
  const abort = new AbortController();
  const timeout = sleep(ms, undefined, { signal: abort.signal }).then(() => {
    throw new Error(`no answer within ${ms} ms`);
  });
  timeout.catch(() => {});
  try {
    await Promise.race([task(), timeout]);
  } finally {
    abort.abort();
  }
}

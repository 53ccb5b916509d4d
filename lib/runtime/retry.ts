import { setTimeout as sleep } from 'node:timers/promises';

export interface RetryOptions {
  /** Attempts in all, the first included; absent: no limit. */
  attempts?: number;
  /** Give up when the next attempt would begin later than this after the first, ms; absent: no limit. */
  totalMs?: number;
  /** Delay before the second attempt, ms; doubles up to `maxDelayMs`. */
  minDelayMs?: number;
  maxDelayMs?: number;
  /** In [0, 1): spreads the delays over their upper half. Injected, so that tests are exact. */
  random?: () => number;
  /** False for errors that another attempt cannot mend. */
  retryable?: (error: unknown) => boolean;
  /** Called before each wait. */
  onRetry?: (error: unknown, attempt: number, delayMs: number) => void;
  /** Ends the waiting: the call then rejects with the signal's reason. */
  signal?: AbortSignal;
  /** Injected by tests. */
  wait?: (ms: number, signal: AbortSignal | undefined) => Promise<void>;
  now?: () => number;
}

/** Delay before attempt `attempt + 1` (`attempt` ≥ 1), ms: exponential, capped, with jitter over its upper half. */
export function backoffMs(attempt: number, options: RetryOptions): number {
  const { minDelayMs = 100, maxDelayMs = 5_000, random = Math.random } = options;
  const full = Math.min(maxDelayMs, minDelayMs * 2 ** Math.min(attempt - 1, 30));
  return full / 2 + (full / 2) * random();
}

/** Calls `task` until it succeeds, the options say stop, or the signal aborts; then rejects with the last error. */
export async function retry<T>(task: (attempt: number) => Promise<T>, options: RetryOptions = {}): Promise<T> {
  const {
    attempts = Number.POSITIVE_INFINITY,
    totalMs = Number.POSITIVE_INFINITY,
    wait = pause,
    now = Date.now,
  } = options;
  const began = now();
  for (let attempt = 1; ; attempt++) {
    options.signal?.throwIfAborted();
    try {
      return await task(attempt);
    } catch (error) {
      const delay = backoffMs(attempt, options);
      const over = attempt >= attempts || now() - began + delay > totalMs;
      if (over || options.retryable?.(error) === false) throw error;
      options.onRetry?.(error, attempt, delay);
      await wait(delay, options.signal);
    }
  }
}

async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  await sleep(ms, undefined, { signal });
}

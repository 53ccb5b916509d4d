import { backoffMs } from '../../lib/runtime/retry.ts';

/** How long to wait before the next attempt of a delivery, ms. */
export interface BackoffPolicy {
  /** Wait after the first failure; doubles with each further one. */
  minDelayMs: number;
  maxDelayMs: number;
  /** A longer Retry-After than this is not believed: a page must not sleep for a day. */
  maxRetryAfterMs: number;
}

export const DEFAULT_BACKOFF: BackoffPolicy = { minDelayMs: 1000, maxDelayMs: 60_000, maxRetryAfterMs: 15 * 60_000 };

/** Wait after `failures` ≥ 1 failures in a row: exponential with jitter, and never shorter than the other side asked for. */
export function nextWait(failures: number, retryAfterMs: number | null, policy: BackoffPolicy, random: () => number) {
  const own = backoffMs(failures, { minDelayMs: policy.minDelayMs, maxDelayMs: policy.maxDelayMs, random });
  return Math.ceil(Math.max(own, Math.min(retryAfterMs ?? 0, policy.maxRetryAfterMs)));
}

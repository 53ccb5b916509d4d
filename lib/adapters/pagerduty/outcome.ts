import type { DeliveryOutcome } from '../../ports/channel.ts';

/**
 * What an answer of the Events API means: 2xx (202) accepted; 429 and 5xx try again, after Retry-After where given; all
 * else (400 above all) will never succeed as it is.
 */
export function outcomeOfStatus(
  status: number,
  retryAfter: string | null,
  answer: string,
  now: number = Date.now(),
): DeliveryOutcome {
  if (status >= 200 && status < 300) return { kind: 'sent', status };
  const reason = `HTTP ${status}${answer === '' ? '' : ` ${answer}`}`;
  if (status === 429 || status >= 500)
    return { kind: 'retry', status, reason, afterMs: parseRetryAfter(retryAfter, now) };
  return { kind: 'park', status, reason };
}

/** Retry-After (RFC 9110, 10.2.3): seconds or an HTTP date; ms from `now`, never negative; null where absent or unreadable. */
export function parseRetryAfter(value: string | null, now: number): number | null {
  const text = value?.trim() ?? '';
  if (/^\d{1,9}(\.\d+)?$/.test(text)) return Math.ceil(Number(text) * 1000);
  const date = /[A-Za-z]/.test(text) ? Date.parse(text) : NaN;
  return Number.isNaN(date) ? null : Math.max(0, date - now);
}

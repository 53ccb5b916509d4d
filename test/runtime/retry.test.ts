import assert from 'node:assert/strict';
import { test } from 'node:test';
import { backoffMs, type RetryOptions, retry } from '../../lib/runtime/retry.ts';

/** Options under which waiting takes no time and is written down. */
function instant(options: RetryOptions = {}): RetryOptions & { waited: number[] } {
  const waited: number[] = [];
  let now = 0;
  const wait = async (ms: number): Promise<void> => {
    waited.push(ms);
    now += ms;
  };
  return { random: () => 0, wait, now: () => now, ...options, waited };
}

test('delays double up to the cap; jitter spreads them over their upper half', () => {
  const options = { minDelayMs: 100, maxDelayMs: 1_000 };
  const low = [1, 2, 3, 4, 5, 100].map((attempt) => backoffMs(attempt, { ...options, random: () => 0 }));
  assert.deepEqual(low, [50, 100, 200, 400, 500, 500]);
  assert.equal(backoffMs(1, { ...options, random: () => 0.5 }), 75);
});

test('tries until it works', async () => {
  const options = instant();
  const result = await retry(async (attempt) => (attempt < 4 ? Promise.reject(new Error('no')) : attempt), options);
  assert.equal(result, 4);
  assert.deepEqual(options.waited, [50, 100, 200]);
});

test('ends with the last error after the attempts, the time, or an error no attempt can mend', async () => {
  let calls = 0;
  const fail = () => Promise.reject(new Error(`no ${++calls}`));
  await assert.rejects(retry(fail, instant({ attempts: 3 })), /no 3/);
  const timed = instant({ totalMs: 400 });
  await assert.rejects(retry(fail, timed), /no/);
  assert.deepEqual(timed.waited, [50, 100, 200]);
  const never = instant({ retryable: () => false });
  await assert.rejects(retry(fail, never), /no/);
  assert.deepEqual(never.waited, []);
});

test('an abort ends the waiting at once', async () => {
  const abort = new AbortController();
  const onRetry = () => abort.abort(new Error('stopping'));
  const pending = retry(() => Promise.reject(new Error('no')), { minDelayMs: 60_000, onRetry, signal: abort.signal });
  await assert.rejects(pending, { name: 'AbortError' });
});

export interface ChannelAnswer {
  status: number;
  tookMs: number;
  /** Its clock by the header Date, ms, to the second; null without one. */
  date: number | null;
}

const TIMEOUT_MS = 8_000;

/**
 * A request to the Events API that is no event: without routing key, action and payload it is refused with 400, whatever
 * account it would belong to. Rejects when nobody answers.
 */
export async function askPagerDuty(
  baseUrl: string,
  fetch: typeof globalThis.fetch,
  now: () => number,
): Promise<ChannelAnswer> {
  const began = now();
  const response = await fetch(`${baseUrl.replace(/\/+$/, '')}/v2/enqueue`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{}',
    redirect: 'manual',
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  await response.arrayBuffer();
  const date = Date.parse(response.headers.get('date') ?? '');
  return { status: response.status, tookMs: now() - began, date: Number.isNaN(date) ? null : date };
}

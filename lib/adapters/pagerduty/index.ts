import { createHash } from 'node:crypto';
import type { IncidentNotice } from '../../core/alerts/types.ts';
import type { Channel, DeliveryOutcome } from '../../ports/channel.ts';
import { composeEvent } from './event.ts';
import { outcomeOfStatus } from './outcome.ts';

export interface PagerDutyOptions {
  /** `https://events.pagerduty.com`, the EU's `https://events.eu.pagerduty.com`, or a local contract server. */
  baseUrl: string;
  /** Integration key of the Events API v2: 32 characters. */
  routingKey: string;
  /** ms for one request, answer included. */
  timeoutMs?: number;
  fetch?: typeof globalThis.fetch;
}

const ROUTING_KEY = /^[A-Za-z0-9]{32}$/;
const DEFAULT_TIMEOUT_MS = 10_000;
const MAX_DEDUP_KEY = 255;
const MAX_ANSWER = 500;

/**
 * PagerDuty through the Events API v2 (https://developer.pagerduty.com/docs/events-api-v2-overview).
 * Throws a RangeError where the routing key or the address cannot be right; the key itself is never part of a message.
 */
export function createPagerDutyChannel(options: PagerDutyOptions): Channel {
  if (!ROUTING_KEY.test(options.routingKey)) {
    throw new RangeError(
      `The PagerDuty routing key must be 32 letters and digits, but has ${options.routingKey.length} characters. ` +
        "Copy the Integration Key of the service's Events API v2 integration into pagerduty.routing_key.",
    );
  }
  const endpoint = endpointOf(options.baseUrl);
  return {
    name: 'pagerduty',
    account: createHash('sha256').update(options.routingKey).digest('hex').slice(0, 12),
    deliver: (notice) => deliver(notice, endpoint, options),
  };
}

function endpointOf(baseUrl: string): string {
  const base = URL.canParse(baseUrl) ? new URL(baseUrl) : null;
  if (base?.protocol !== 'https:' && base?.protocol !== 'http:') {
    throw new RangeError(
      `pagerduty.base_url must be an http(s) address such as https://events.pagerduty.com, not "${baseUrl}".`,
    );
  }
  return `${base.origin}${base.pathname.replace(/\/+$/, '')}/v2/enqueue`;
}

async function deliver(notice: IncidentNotice, endpoint: string, options: PagerDutyOptions): Promise<DeliveryOutcome> {
  if (notice.dedupKey === '' || notice.dedupKey.length > MAX_DEDUP_KEY) {
    return {
      kind: 'park',
      status: null,
      reason: `dedup key of ${notice.dedupKey.length} characters; PagerDuty takes 1 to 255`,
    };
  }
  const timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  try {
    const response = await (options.fetch ?? globalThis.fetch)(endpoint, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json' },
      body: composeEvent(notice, options.routingKey),
      redirect: 'manual',
      signal: AbortSignal.timeout(timeoutMs),
    });
    const answer = redact(await answerOf(response), options.routingKey);
    return outcomeOfStatus(response.status, response.headers.get('retry-after'), answer);
  } catch (error) {
    return {
      kind: 'retry',
      status: null,
      reason: redact(describe(error, timeoutMs), options.routingKey),
      afterMs: null,
    };
  }
}

/** The answer's text. One that breaks off after its status is still an answer: the status alone decides. */
async function answerOf(response: Response): Promise<string> {
  try {
    return (await response.text()).slice(0, MAX_ANSWER);
  } catch {
    return '(the answer broke off)';
  }
}

function describe(error: unknown, timeoutMs: number): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'TimeoutError') return `no answer within ${timeoutMs} ms`;
  const cause = error.cause instanceof Error ? `: ${error.cause.message || error.cause.name}` : '';
  return `request failed: ${error.message}${cause}`;
}

function redact(text: string, secret: string): string {
  return text.replaceAll(secret, '[routing key]');
}

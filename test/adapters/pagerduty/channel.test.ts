import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { after, before, beforeEach, describe, it } from 'node:test';
import { createPagerDutyChannel } from '../../../lib/adapters/pagerduty/index.ts';
import { parseRetryAfter } from '../../../lib/adapters/pagerduty/outcome.ts';
import { summarizeIncident } from '../../../lib/core/alerts/incident.ts';
import type { AlertEvent, IncidentNotice, NoticeAction } from '../../../lib/core/alerts/types.ts';
import type { Fault } from '../../../services/pagerduty-local/enqueue.ts';
import { createLocalPagerDuty, type LocalPagerDuty } from '../../../services/pagerduty-local/index.ts';
import { alert, member, START } from '../../core/alerts/incident-fixtures.ts';

const KEY = 'R0123456789abcdefR0123456789abcd';

interface SentEvent {
  routing_key: string;
  event_action: string;
  dedup_key: string;
  client_url?: string;
  links?: { href: string }[];
  payload: {
    summary: string;
    severity: string;
    source: string;
    component: string;
    timestamp: string;
    custom_details?: {
      members: { feature: string; score: number }[];
      members_left_out?: number;
      sql: string;
      advice: string;
    };
  };
}

function notice(action: NoticeAction, alerts: AlertEvent[] = [alert()], dedupKey = 'i1'): IncidentNotice {
  return { action, dedupKey, incident: summarizeIncident(alerts), url: 'http://127.0.0.1:8080/incidents/i1' };
}

describe('PagerDuty channel against the contract server', () => {
  let server: LocalPagerDuty;
  let fault: Fault | null = null;
  const channel = (timeoutMs = 5000) =>
    createPagerDutyChannel({ baseUrl: `${server.url}/`, routingKey: KEY, timeoutMs });
  const last = () => server.events().at(-1)?.body as SentEvent;

  before(async () => {
    server = createLocalPagerDuty({ port: 0, respond: () => fault });
    await server.start();
  });
  after(() => server.stop());
  beforeEach(() => {
    fault = null;
  });

  it('triggers with what changed, where, since when and what to do', async () => {
    assert.deepEqual(await channel().deliver(notice('trigger')), { kind: 'sent', status: 202 });
    const event = last();
    assert.equal(event.event_action, 'trigger');
    assert.equal(event.dedup_key, 'i1');
    assert.equal(event.routing_key, KEY);
    assert.equal(event.client_url, 'http://127.0.0.1:8080/incidents/i1');
    assert.equal(event.links?.[0]?.href, 'http://127.0.0.1:8080/incidents/i1');
    assert.equal(event.payload.severity, 'error');
    assert.equal(event.payload.component, 'car-loan');
    assert.equal(event.payload.timestamp, new Date(START + 2 * 86_400_000).toISOString());
    assert.match(event.payload.summary, / since 2018-10-30: salary_range\. /);
    assert.equal(event.payload.custom_details?.members[0]?.feature, 'salary_range');
    assert.equal(event.payload.custom_details?.advice, 'Retrain on recent data, or roll back.');
  });

  it('resolves under the same key', async () => {
    const resolved = alert({ state: 'resolved' });
    assert.deepEqual(await channel().deliver(notice('resolve', [resolved])), { kind: 'sent', status: 202 });
    assert.equal(last().event_action, 'resolve');
    assert.equal(last().dedup_key, 'i1');
    assert.equal(server.incidents().at(-1)?.state, 'resolved');
  });

  it('sends no link where no page is known', async () => {
    await channel().deliver({ ...notice('trigger'), url: null });
    assert.equal(last().client_url, undefined);
    assert.equal(last().links, undefined);
  });

  it('trims the details of a huge incident to 512 KB, smallest effects first', async () => {
    const long = '😀'.repeat(400);
    const members = Array.from({ length: 500 }, (_, i) => ({
      ...member(`${i} ${long}`, 1 + i),
      baseline: long,
      explanation: long.repeat(2),
    }));
    const alerts = Array.from({ length: 4 }, (_, i) => alert({ episode: `e${i}`, segment: `s=${long}`, members }));
    assert.deepEqual(await channel().deliver(notice('trigger', alerts)), { kind: 'sent', status: 202 });
    const details = last().payload.custom_details;
    assert.ok(Buffer.byteLength(JSON.stringify(last())) <= 512 * 1024);
    const shown = details?.members.length ?? 0;
    assert.ok(shown > 50, `${shown} members shown`);
    assert.equal(shown + (details?.members_left_out ?? 0), 2000);
    assert.equal(details?.members[0]?.score, 500);
  });

  it('survives any name and number', async () => {
    const odd = alert({
      model: "it's a \\ \ud800 model\n",
      members: [member('', NaN, 0), { ...member('x', Infinity), since: 1e300 }],
    });
    assert.deepEqual(await channel().deliver(notice('trigger', [odd])), { kind: 'sent', status: 202 });
    assert.match(last().payload.custom_details?.sql ?? '', /model = 'it\\'s a \\\\ \uFFFD model'/);
  });

  it('parks what is refused: 400, other 4xx, a redirect', async () => {
    for (const status of [400, 401, 404, 413, 302]) {
      fault = { kind: 'status', status };
      const outcome = await channel().deliver(notice('trigger'));
      assert.equal(outcome.kind, 'park', `HTTP ${status}`);
      assert.equal(outcome.status, status);
    }
  });

  it('parks a dedup key PagerDuty would refuse, without asking', async () => {
    const before = server.events().length;
    assert.equal((await channel().deliver(notice('trigger', [alert()], 'k'.repeat(256)))).kind, 'park');
    assert.equal(server.events().length, before);
    assert.equal((await channel().deliver(notice('trigger', [alert()], 'k'.repeat(255)))).kind, 'sent');
  });

  it('asks to retry on 429 and 5xx, after Retry-After', async () => {
    fault = { kind: 'status', status: 429, retryAfter: '7' };
    const limited = await channel().deliver(notice('trigger'));
    assert.ok(limited.kind === 'retry' && limited.status === 429 && limited.afterMs === 7000);
    fault = { kind: 'status', status: 503, retryAfter: new Date(Date.now() + 60_000).toUTCString() };
    const down = await channel().deliver(notice('trigger'));
    assert.ok(down.kind === 'retry' && down.status === 503);
    assert.ok((down.afterMs ?? 0) > 50_000 && (down.afterMs ?? 0) <= 60_000);
    fault = { kind: 'status', status: 500 };
    const broken = await channel().deliver(notice('trigger'));
    assert.ok(broken.kind === 'retry' && broken.afterMs === null);
  });

  it('asks to retry when nobody answers in time', async () => {
    fault = { kind: 'hang' };
    const outcome = await channel(100).deliver(notice('trigger'));
    assert.ok(outcome.kind === 'retry' && outcome.status === null);
    assert.equal(outcome.reason, 'no answer within 100 ms');
  });

  it('asks to retry when the connection breaks, even after the event was accepted', async () => {
    for (const kind of ['reset', 'reset_after_accept'] as const) {
      fault = { kind };
      const outcome = await channel().deliver(notice('trigger', [alert()], kind));
      assert.ok(outcome.kind === 'retry' && outcome.status === null, kind);
    }
    assert.equal(server.incidents().filter((incident) => incident.dedupKey === 'reset').length, 0);
    fault = null;
    await channel().deliver(notice('trigger', [alert()], 'reset_after_accept'));
    assert.equal(server.incidents().filter((incident) => incident.dedupKey === 'reset_after_accept').length, 1);
  });

  it('asks to retry when nothing listens', async () => {
    const probe = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => probe.once('listening', resolve));
    const { port } = probe.address() as { port: number };
    await new Promise((resolve) => probe.close(resolve));
    const dead = createPagerDutyChannel({ baseUrl: `http://127.0.0.1:${port}`, routingKey: KEY });
    const outcome = await dead.deliver(notice('trigger'));
    assert.ok(outcome.kind === 'retry' && /ECONNREFUSED/.test(outcome.reason), JSON.stringify(outcome));
  });
});

describe('PagerDuty channel', () => {
  it('never repeats the routing key', async () => {
    const echo = createPagerDutyChannel({
      baseUrl: 'https://events.pagerduty.com',
      routingKey: KEY,
      fetch: async (_url, init) => new Response(String(init?.body), { status: 400 }),
    });
    const failing = createPagerDutyChannel({
      baseUrl: 'https://events.pagerduty.com',
      routingKey: KEY,
      fetch: () => Promise.reject(new Error(`cannot send ${KEY}`)),
    });
    for (const channel of [echo, failing]) {
      const outcome = await channel.deliver(notice('trigger'));
      assert.doesNotMatch(JSON.stringify([channel, outcome]), new RegExp(KEY));
    }
    const other = createPagerDutyChannel({ baseUrl: 'https://events.pagerduty.com', routingKey: KEY.toLowerCase() });
    assert.notEqual(other.account, echo.account);
  });

  it('refuses a wrong routing key or address with what to do, without the key', () => {
    assert.throws(
      () => createPagerDutyChannel({ baseUrl: 'https://x.example', routingKey: 'short-secret' }),
      (error: Error) => {
        assert.match(error.message, /32 letters and digits, but has 12 characters.*pagerduty\.routing_key/);
        assert.doesNotMatch(error.message, /short-secret/);
        return true;
      },
    );
    assert.throws(
      () => createPagerDutyChannel({ baseUrl: 'events.pagerduty.com', routingKey: KEY }),
      /pagerduty\.base_url/,
    );
  });

  it('reads Retry-After in seconds and dates, and ignores what is neither', () => {
    const now = Date.UTC(2024, 0, 1);
    assert.equal(parseRetryAfter('120', now), 120_000);
    assert.equal(parseRetryAfter('Mon, 01 Jan 2024 00:00:30 GMT', now), 30_000);
    assert.equal(parseRetryAfter('Sun, 31 Dec 2023 00:00:00 GMT', now), 0);
    for (const odd of [null, '', '-5', 'soon', '1e99']) assert.equal(parseRetryAfter(odd, now), null);
  });
});

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { createLocalPagerDuty, type LocalPagerDuty } from '../../../services/pagerduty-local/index.ts';

const KEY = 'k'.repeat(32);
const payload = { summary: 'drift', source: 'car-loan', severity: 'error' };
const trigger = { routing_key: KEY, event_action: 'trigger', dedup_key: 'i1', payload };

describe('local PagerDuty', () => {
  let server: LocalPagerDuty;
  before(async () => {
    server = createLocalPagerDuty({ port: 0 });
    await server.start();
  });
  after(() => server.stop());

  const post = async (body: unknown) => {
    const response = await fetch(`${server.url}/v2/enqueue`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
    const answer = (await response.json()) as { status: string; dedup_key?: string; errors?: string[] };
    return { status: response.status, answer };
  };

  it('takes a trigger and a resolve, and names the key', async () => {
    assert.deepEqual(await post(trigger), {
      status: 202,
      answer: { status: 'success', message: 'Event processed', dedup_key: 'i1' },
    });
    assert.equal((await post({ routing_key: KEY, event_action: 'resolve', dedup_key: 'i1' })).status, 202);
    assert.deepEqual(
      server.incidents().map((incident) => [incident.dedupKey, incident.state]),
      [['i1', 'resolved']],
    );
  });

  it('makes up a key for a trigger without one', async () => {
    const { status, answer } = await post({ ...trigger, dedup_key: undefined });
    assert.equal(status, 202);
    assert.match(answer.dedup_key ?? '', /^\w{32}$/);
  });

  it('takes everything optional in its right form', async () => {
    const { status } = await post({
      ...trigger,
      payload: {
        ...payload,
        timestamp: '2018-10-30T00:00:00.000Z',
        component: 'c',
        group: 'g',
        class: 'drift',
        custom_details: { a: 1 },
      },
      images: [{ src: 'https://example.org/a.png', href: 'http://example.org', alt: 'x' }],
      links: [{ href: 'http://127.0.0.1:8080/incidents/i1', text: 'x' }],
      client: 'Driftline',
      client_url: 'http://127.0.0.1:8080',
    });
    assert.equal(status, 202);
  });

  const refused: [string, unknown, RegExp][] = [
    ['no JSON', 'nonsense{', /not a JSON object/],
    ['an array', [trigger], /not a JSON object/],
    ['no routing key', { ...trigger, routing_key: undefined }, /'routing_key' is missing/],
    ['a short routing key', { ...trigger, routing_key: 'k' }, /should be 32 characters/],
    ['an unknown action', { ...trigger, event_action: 'page' }, /'event_action' is invalid/],
    ['a resolve without key', { routing_key: KEY, event_action: 'resolve' }, /'dedup_key' is required/],
    ['an acknowledge without key', { routing_key: KEY, event_action: 'acknowledge' }, /'dedup_key' is required/],
    ['a long key', { ...trigger, dedup_key: 'k'.repeat(256) }, /longer than 255/],
    ['no payload', { ...trigger, payload: undefined }, /'payload' is missing/],
    ['no summary', { ...trigger, payload: { ...payload, summary: ' ' } }, /'payload.summary' is missing/],
    ['a long summary', { ...trigger, payload: { ...payload, summary: 's'.repeat(1025) } }, /longer than 1024/],
    ['no source', { ...trigger, payload: { ...payload, source: undefined } }, /'payload.source' is missing/],
    ['an unknown severity', { ...trigger, payload: { ...payload, severity: 'high' } }, /'payload.severity' is invalid/],
    ['a bad time', { ...trigger, payload: { ...payload, timestamp: 'yesterday' } }, /'payload.timestamp'/],
    ['details as text', { ...trigger, payload: { ...payload, custom_details: 'x' } }, /'payload.custom_details'/],
    ['an http image', { ...trigger, images: [{ src: 'http://example.org/a.png' }] }, /'images'/],
    ['links that are no list', { ...trigger, links: { href: 'https://example.org' } }, /'links' must be an array/],
    ['a link without address', { ...trigger, links: [{ text: 'x' }] }, /'links'/],
    ['a script link', { ...trigger, links: [{ href: 'javascript:alert(1)' }] }, /'links'/],
    ['a bad client_url', { ...trigger, client_url: 'localhost' }, /'client_url'/],
  ];
  for (const [name, event, rule] of refused) {
    it(`refuses ${name} with 400`, async () => {
      const open = server.incidents().length;
      const { status, answer } = await post(event);
      assert.equal(status, 400);
      assert.equal(answer.status, 'invalid event');
      assert.match(answer.errors?.join('; ') ?? '', rule);
      assert.equal(server.incidents().length, open);
    });
  }

  it('refuses more than 512 KB with 413', async () => {
    const details = { text: 'x'.repeat(512 * 1024) };
    assert.equal((await post({ ...trigger, payload: { ...payload, custom_details: details } })).status, 413);
    const fits = { text: 'x'.repeat(512 * 1024 - 1000) };
    assert.equal((await post({ ...trigger, payload: { ...payload, custom_details: fits } })).status, 202);
  });

  it('keeps an incident open against a resolve through another routing key, and opens a new one after its own', async () => {
    const of = () => server.incidents().filter((incident) => incident.dedupKey === 'i2');
    await post({ ...trigger, dedup_key: 'i2' });
    assert.equal((await post({ routing_key: 'q'.repeat(32), event_action: 'resolve', dedup_key: 'i2' })).status, 202);
    await post({ ...trigger, dedup_key: 'i2' });
    assert.deepEqual(
      of().map(({ state, triggers }) => [state, triggers]),
      [['triggered', 2]],
    );
    await post({ routing_key: KEY, event_action: 'acknowledge', dedup_key: 'i2' });
    assert.equal(of()[0]?.state, 'acknowledged');
    await post({ routing_key: KEY, event_action: 'resolve', dedup_key: 'i2' });
    await post({ ...trigger, dedup_key: 'i2' });
    assert.deepEqual(
      of().map(({ state }) => state),
      ['resolved', 'triggered'],
    );
  });

  it('shows what it received, as JSON and as a page without script', async () => {
    await post({ ...trigger, dedup_key: 'i3', payload: { ...payload, summary: '<script>alert(1)</script>' } });
    const events = (await (await fetch(`${server.url}/events`)).json()) as {
      received_at: string;
      status: number;
      body: unknown;
    }[];
    const last = events.at(-1);
    assert.equal(last?.status, 202);
    assert.ok(Math.abs(Date.parse(last?.received_at ?? '') - Date.now()) < 60_000);
    assert.deepEqual((last?.body as Partial<typeof trigger> | undefined)?.dedup_key, 'i3');
    const page = await fetch(server.url);
    assert.match(page.headers.get('content-type') ?? '', /text\/html/);
    const html = await page.text();
    assert.match(html, /&lt;script&gt;/);
    assert.doesNotMatch(html, /<script/);
  });
});

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { TOPICS } from '../../../lib/core/messages/types.ts';
import { isLoopback } from '../../../lib/runtime/listen.ts';
import { authenticate, parseKeys } from '../../../services/api/auth/keys.ts';
import { createApi } from '../../../services/api/index.ts';
import { readAll } from '../../support/read-all.ts';
import { type Bench, openBench } from './harness.ts';

const digest = (secret: string): string => createHash('sha256').update(secret).digest('hex');

const KEYS = `
# id sha256 roles
producer ${digest('s3cret')} produce
reader   ${digest('r3ad')} read
both     ${digest('b0th')} produce,read
boss     ${digest('b0ss')} admin
`;
const EVENT = JSON.stringify({ prediction_id: 'p', model: 'm', timestamp: 1, features: { x: 1 } });

let bench: Bench;
let open: ReturnType<typeof createApi>;
let closed: ReturnType<typeof createApi>;

before(async () => {
  bench = await openBench({ store: false });
  const file = join(bench.dir, 'keys');
  await writeFile(file, KEYS);
  open = createApi(bench.with({ publicUrl: 'https://drift.example.com' }), {
    page: async () => ({ html: '<p>page</p>', js: '', css: '' }),
  });
  closed = createApi(bench.with({ ingestKeysFile: file }), {
    page: async () => ({ html: '<p>page</p>', js: '', css: '' }),
  });
  await open.start();
  await closed.start();
});
after(async () => {
  await open.stop();
  await closed.stop();
  await bench.close();
});

async function post(
  url: string,
  headers: Record<string, string>,
): Promise<{ status: number; code: string | undefined; headers: Headers }> {
  const response = await fetch(`${url}/v1/predictions`, {
    method: 'POST',
    body: EVENT,
    headers: { 'content-type': 'application/json', ...headers },
  });
  const body = (await response.json()) as { error?: { code: string } };
  return { status: response.status, code: body.error?.code, headers: response.headers };
}

const bearer = (token: string): Record<string, string> => ({ authorization: `Bearer ${token}` });

/** A GET with a Host header of one's own, which fetch does not allow. */
function statusFor(url: string, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const sent = request(`${url}/readyz`, { headers: { host } }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    sent.on('error', reject).end();
  });
}

test('no key, a wrong secret, an unknown id or another scheme: 401, and nothing reaches the log', async () => {
  for (const headers of [
    {},
    bearer('producer.wrong'),
    bearer('nobody.s3cret'),
    bearer('producer'),
    { authorization: 'Basic cHJvZHVjZXI6czNjcmV0' },
  ]) {
    const answer = await post(closed.url, headers);
    assert.deepEqual([answer.status, answer.code], [401, 'unauthorized']);
    assert.match(answer.headers.get('www-authenticate') ?? '', /^Bearer/);
  }
  assert.equal((await readAll(bench.log, TOPICS.predictions)).length, 0);
});

test('a key may do what its roles say', async () => {
  assert.equal((await post(closed.url, bearer('producer.s3cret'))).status, 202);
  assert.equal((await post(closed.url, bearer('boss.b0ss'))).status, 202);
  const refused = await post(closed.url, bearer('reader.r3ad'));
  assert.deepEqual([refused.status, refused.code], [403, 'forbidden']);
  const reads = async (token: string): Promise<number> =>
    (await fetch(`${closed.url}/v1/models`, { headers: bearer(token) })).status;
  assert.equal(await reads('producer.s3cret'), 403);
  // 503: past the guard, and this test has no store.
  assert.deepEqual([await reads('reader.r3ad'), await reads('both.b0th'), await reads('boss.b0ss')], [503, 503, 503]);
});

test('with keys, only what holds no data is open', async () => {
  const status = async (path: string): Promise<number> => (await fetch(closed.url + path)).status;
  for (const path of [
    '/',
    '/models/x',
    '/incidents/y',
    '/assets/page.js',
    '/assets/page.css',
    '/openapi.json',
    '/docs',
    '/healthz',
    '/readyz',
  ])
    assert.equal(await status(path), 200, path);
  for (const path of ['/metrics', '/v1/models', '/v1/monitors', '/v1/alerts', '/v1/incidents', '/v1/models/x/scores'])
    assert.equal(await status(path), 401, path);
});

test('beyond loopback it refuses to start without keys', async () => {
  for (const host of ['0.0.0.0', '::', '192.168.1.4', 'example.com'])
    await assert.rejects(createApi(bench.with({}), { host }).start(), /no ingest keys are configured/);
  assert.deepEqual(['127.0.0.1', '127.9.9.9', '::1', 'localhost', '127.evil.com', '10.0.0.1'].map(isLoopback), [
    true,
    true,
    true,
    true,
    false,
    false,
  ]);
});

test('pages of another origin cannot write; our own and programs can', async () => {
  for (const origin of ['https://evil.example', 'null', 'http://127.0.0.1:1'])
    assert.equal((await post(open.url, { origin })).code, 'cross_origin', origin);
  assert.equal((await post(open.url, { 'sec-fetch-site': 'cross-site' })).code, 'cross_origin');
  const allowed: Record<string, string>[] = [{ origin: open.url }, { origin: 'https://drift.example.com' }, {}];
  for (const headers of allowed) assert.equal((await post(open.url, headers)).status, 202);
});

test('without keys a name that only resolves to loopback is not answered (DNS rebinding)', async () => {
  assert.equal(await statusFor(open.url, 'evil.example:80'), 403);
  assert.equal(await statusFor(open.url, 'drift.example.com'), 200);
  assert.equal(await statusFor(open.url, 'localhost:1'), 200);
  assert.equal(await statusFor(closed.url, 'evil.example:80'), 200, 'with keys the key protects');
});

test('every answer carries the headers that keep foreign script out', async () => {
  for (const path of ['/', '/v1/models', '/nothing', '/healthz']) {
    const { headers } = await fetch(open.url + path);
    const policy = headers.get('content-security-policy') ?? '';
    assert.match(policy, /default-src 'none'; script-src 'self'; style-src 'self';/, path);
    assert.doesNotMatch(policy, /unsafe/);
    assert.equal(headers.get('x-content-type-options'), 'nosniff');
  }
  const docs = (await fetch(`${open.url}/docs`)).headers.get('content-security-policy') ?? '';
  assert.match(docs, /script-src 'self';/);
});

test('keys: all bad lines are reported at once, and no secret or digest among them', () => {
  const text = `a ${digest('x')} produce\nb 1234 read\nc ${digest('y')} root\na ${digest('z')} read\nd.e ${digest('z')} read\nonly-an-id`;
  assert.throws(
    () => parseKeys(text, 'keys'),
    (error: Error) => {
      for (const line of [2, 3, 4, 5, 6]) assert.match(error.message, new RegExp(`keys:${line}: `));
      assert.doesNotMatch(error.message, /[0-9a-f]{64}/);
      return true;
    },
  );
});

test('keys: secrets may contain dots, ids may not', () => {
  const keys = parseKeys(`k ${digest('a.b.c')} read`, 'keys');
  assert.equal(authenticate(keys, 'Bearer k.a.b.c')?.id, 'k');
  assert.equal(authenticate(keys, 'bearer k.a.b.c')?.id, 'k');
  assert.equal(authenticate(keys, 'Bearer k.a.b'), null);
  assert.equal(authenticate(keys, undefined), null);
});

test('a missing key file stops the start and names the file', async () => {
  const api = createApi(bench.with({ ingestKeysFile: '/nowhere/keys' }));
  await assert.rejects(api.start(), /\/nowhere\/keys/);
});

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { ERROR_CODES } from '../../../services/api/errors.ts';
import { createApi } from '../../../services/api/index.ts';
import { type Bench, openBench } from './harness.ts';

let bench: Bench;
let api: ReturnType<typeof createApi>;
let reasons: string[] = [];

before(async () => {
  bench = await openBench({ store: false });
  api = createApi(bench.with({}), { readiness: () => reasons });
  await api.start();
});
after(async () => {
  await api.stop();
  await bench.close();
});

test('/readyz says why it is not ready', async () => {
  assert.equal((await fetch(`${api.url}/readyz`)).status, 200);
  reasons = ['detector: the store is down'];
  const response = await fetch(`${api.url}/readyz`);
  assert.equal(response.status, 503);
  assert.deepEqual(((await response.json()) as { reasons: string[] }).reasons, reasons);
  reasons = [];
});

test('/healthz answers and /metrics are Prometheus’s', async () => {
  assert.equal((await fetch(`${api.url}/healthz`)).status, 200);
  assert.match(await (await fetch(`${api.url}/metrics`)).text(), /process_cpu_seconds_total/);
});

test('/metrics counts events by what became of them', async () => {
  const body = '[{"prediction_id":"a","model":"m","timestamp":1,"features":{"x":1}}, {}]';
  await fetch(`${api.url}/v1/predictions`, { method: 'POST', body });
  const text = await (await fetch(`${api.url}/metrics`)).text();
  assert.match(text, /driftline_http_events_total\{kind="predictions",outcome="accepted"\} 1/);
  assert.match(text, /driftline_http_events_total\{kind="predictions",outcome="rejected"\} 1/);
});

test('a store that is down is a 503 for reads, with the uniform error body', async () => {
  const response = await fetch(`${api.url}/v1/models`);
  assert.equal(response.status, 503);
  assert.deepEqual(Object.keys((await response.json()) as object), ['error']);
});

test('/openapi.json lists every route with its answers', async () => {
  const document = (await (await fetch(`${api.url}/openapi.json`)).json()) as {
    paths: Record<
      string,
      Record<string, { responses: Record<string, { content?: Record<string, { schema: object }> }> }>
    >;
  };
  const routes = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method} ${path}`),
  );
  for (const route of [
    'post /v1/predictions',
    'post /v1/labels',
    'get /v1/models',
    'get /v1/models/{model}/features/{feature}',
    'get /v1/incidents/{incident}',
  ])
    assert.ok(routes.includes(route), `${route} in ${routes.join(', ')}`);
  const answer = document.paths['/v1/predictions']!.post!.responses['202']!.content!['application/json']!.schema;
  assert.deepEqual((answer as { required: string[] }).required, ['accepted', 'rejected']);
});

test('a port in use is said so by address', async () => {
  const port = Number(new URL(api.url).port);
  await assert.rejects(createApi(bench.with({}), { port }).start(), new RegExp(`127.0.0.1:${port} is in use`));
});

test('stop is idempotent, and ends what is not ready', async () => {
  const other = createApi(bench.with({}));
  assert.match(other.notReady() ?? '', /not listening/);
  await other.start();
  assert.equal(other.notReady(), null);
  await other.stop();
  await other.stop();
  assert.match(other.notReady() ?? '', /not listening/);
});

test('docs/http-api.md explains every error code, and none that does not exist', async () => {
  const text = await readFile(new URL('../../../docs/http-api.md', import.meta.url), 'utf8');
  const documented = [...text.matchAll(/^\| `([a-z_]+)` \| (\d{3}) \|/gm)].map(([, code, status]) => [
    code,
    Number(status),
  ]);
  assert.deepEqual(documented.sort(), Object.entries(ERROR_CODES).sort());
});

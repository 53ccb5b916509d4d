import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { createHealthServer } from '../../lib/runtime/health-server.ts';
import { counter, createRegistry, gauge, histogram } from '../../lib/runtime/metrics.ts';

test('healthz answers, readyz shows reasons until there are none, metrics are in Prometheus form', async () => {
  const metrics = createRegistry();
  counter(metrics, 'driftline_x_total', 'X', ['state']).inc({ state: 'a' });
  let reasons = ['detector: starting'];
  const health = createHealthServer({ host: '127.0.0.1', port: 0, readiness: () => reasons, metrics });
  await health.start();
  try {
    const url = health.url();
    assert.equal((await fetch(`${url}/healthz`)).status, 200);
    const waiting = await fetch(`${url}/readyz`);
    assert.equal(waiting.status, 503);
    assert.deepEqual(await waiting.json(), { ready: false, reasons });
    reasons = [];
    assert.equal((await fetch(`${url}/readyz`)).status, 200);
    const text = await (await fetch(`${url}/metrics`)).text();
    assert.match(text, /^driftline_x_total\{state="a"\} 1$/m);
    assert.match(text, /^process_cpu_seconds_total /m);
  } finally {
    await health.stop();
  }
});

test('a port in use is named, with what to do', async () => {
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const { port } = taken.address() as AddressInfo;
  const health = createHealthServer({ host: '127.0.0.1', port, readiness: () => [], metrics: createRegistry() });
  await assert.rejects(health.start(), {
    code: 'port_in_use',
    message: `127.0.0.1:${port} is in use by another process`,
  });
  await health.stop();
  taken.close();
});

test('services that share a registry share its metrics', () => {
  const metrics = createRegistry();
  assert.equal(counter(metrics, 'a_total', 'A'), counter(metrics, 'a_total', 'A'));
  assert.equal(gauge(metrics, 'b', 'B'), gauge(metrics, 'b', 'B'));
  assert.equal(histogram(metrics, 'c_seconds', 'C'), histogram(metrics, 'c_seconds', 'C'));
});

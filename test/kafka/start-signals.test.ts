import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { eventually } from '../support/eventually.ts';
import { startKafkaBroker } from '../support/kafka-broker.ts';

const BIN = fileURLToPath(new URL('../../bin/driftline.cjs', import.meta.url));
/** ClickHouse's answer to SELECT 1. */
const REACHED = JSON.stringify({ meta: [{ name: '1', type: 'UInt8' }], data: [[1]], rows: 1 });

test('SIGTERM while a start waits for a store that answers only to be reached: exit 0 at once', async () => {
  const broker = await startKafkaBroker();
  let asked = 0;
  const store = createServer((request, response) => {
    asked += 1;
    if (asked === 1) response.setHeader('X-ClickHouse-Format', 'JSONCompact').end(REACHED);
    else request.destroy();
  }).listen(0, '127.0.0.1');
  await once(store, 'listening');
  const { port } = store.address() as AddressInfo;
  const child = spawn(process.execPath, [BIN, 'notifier'], {
    env: { ...process.env, DRIFTLINE_LOG_BROKERS: broker.bootstrap, DRIFTLINE_STORE_URL: `http://127.0.0.1:${port}` },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let told = '';
  child.stderr.on('data', (bytes: Buffer) => {
    told += bytes.toString();
  });
  try {
    await eventually(
      'it waits',
      () => told.includes('cannot check the tables') && told.match(/trying again/g)!.length > 2,
    );
    child.kill('SIGTERM');
    const begun = Date.now();
    const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
    assert.deepEqual([code, signal], [0, null], told);
    assert.ok(Date.now() - begun < 20_000, `it took ${Date.now() - begun} ms`);
    assert.doesNotMatch(told, /AbortError/);
  } finally {
    child.kill('SIGKILL');
    store.closeAllConnections();
    store.close();
    await broker.stop();
  }
});

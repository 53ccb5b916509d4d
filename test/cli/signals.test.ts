import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const BIN = fileURLToPath(new URL('../../bin/driftline.cjs', import.meta.url));

test('SIGTERM while it is still connecting: exit 0, as after any stop', async () => {
  const asked = createServer((_request, response) => {
    child.kill('SIGTERM');
    // Answers once the signal is there, with a refusal: a start that goes on would end with 1.
    setTimeout(() => {
      response.writeHead(403, { 'X-ClickHouse-Exception-Code': '516' });
      response.end('Code: 516. DB::Exception: Authentication failed. (AUTHENTICATION_FAILED)');
    }, 200);
  }).listen(0, '127.0.0.1');
  await once(asked, 'listening');
  const { port } = asked.address() as AddressInfo;
  const child = spawn(process.execPath, [BIN, 'notifier'], {
    env: { ...process.env, DRIFTLINE_LOG_BROKERS: '127.0.0.1:1', DRIFTLINE_STORE_URL: `http://127.0.0.1:${port}` },
    stdio: 'ignore',
  });
  const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
  asked.close();
  assert.deepEqual([code, signal], [0, null]);
});

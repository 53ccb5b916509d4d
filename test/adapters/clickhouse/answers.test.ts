import assert from 'node:assert/strict';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, it } from 'node:test';
import { createClickHouseStore } from '../../../lib/adapters/clickhouse/index.ts';
import { type Store, StoreQueryError, StoreUnavailableError } from '../../../lib/ports/store.ts';

const EXCEPTION = 'Code: 241. DB::Exception: Memory limit exceeded. (MEMORY_LIMIT_EXCEEDED) (version 26.3.1.1)\n';
const REFUSAL = 'Code: 60. DB::Exception: Unknown table t. (UNKNOWN_TABLE) (version 26.3.1.1)\n';

describe('the store over HTTP, on answers that go wrong', () => {
  const running: { server: Server; store: Store }[] = [];
  afterEach(async () => {
    for (const { server, store } of running.splice(0)) {
      await store.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  });

  async function storeOn(listener: RequestListener): Promise<Store> {
    const server = createServer((request, response) => {
      request.resume().on('end', () => listener(request, response));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const store = createClickHouseStore({ url, database: 'd', username: 'u', password: 'p', requestTimeoutMs: 300 });
    running.push({ server, store });
    return store;
  }

  const statements: [string, (store: Store) => Promise<unknown>][] = [
    ['query', (store) => store.query('SELECT 1')],
    ['insert', (store) => store.insert('t', [{ a: 1 }])],
    ['command', (store) => store.command('OPTIMIZE TABLE t')],
  ];

  for (const [name, run] of statements) {
    it(`${name}: a 200 with an exception in its body is a failure`, async () => {
      const store = await storeOn((_, response) => response.end(`{"a":1}\n${EXCEPTION}`));
      await assert.rejects(run(store), StoreUnavailableError);
      const refused = await storeOn((_, response) => response.end(REFUSAL));
      await assert.rejects(run(refused), (error) => error instanceof StoreQueryError && error.code === '60');
    });

    it(`${name}: a 200 with an exception in a header is a failure`, async () => {
      const store = await storeOn((_, response) => {
        response.setHeader('X-ClickHouse-Exception-Code', '60');
        response.end('');
      });
      await assert.rejects(run(store));
    });

    it(`${name}: overload, a proxy's page, a dropped socket and silence are all 'unavailable'`, async () => {
      const answers: RequestListener[] = [
        (_, response) => response.writeHead(503).end('<html>try again later</html>'),
        (_, response) =>
          response
            .writeHead(500, { 'X-ClickHouse-Exception-Code': '252' })
            .end('Code: 252. DB::Exception: Too many parts. (TOO_MANY_PARTS)'),
        (request) => request.socket.destroy(),
        () => {},
      ];
      for (const answer of answers) await assert.rejects(run(await storeOn(answer)), StoreUnavailableError);
    });
  }

  it('refuses half an answer', async () => {
    const store = await storeOn((_, response) => response.end('{"a":1}\n{"a":'));
    await assert.rejects(store.query('SELECT a FROM t'), StoreUnavailableError);
  });

  it('cannot be reached: unavailable, also by ping', async () => {
    const store = createClickHouseStore({ url: 'http://127.0.0.1:1', database: 'd', username: 'u', password: '' });
    await assert.rejects(store.ping(), StoreUnavailableError);
    await assert.rejects(store.query('SELECT 1'), StoreUnavailableError);
    await store.close();
  });

  it('sends the database with every statement but those that create or drop one, and the credentials with all', async () => {
    const seen: (string | null)[] = [];
    const store = await storeOn((request, response) => {
      assert.equal(request.headers.authorization, `Basic ${Buffer.from('u:p').toString('base64')}`);
      const query = new URL(request.url ?? '', 'http://x').searchParams;
      assert.equal(query.get('wait_end_of_query'), '1');
      seen.push(query.get('database'));
      response.end('');
    });
    await store.query('SELECT 1');
    await store.command('CREATE TABLE t (a Int8) ENGINE = Memory');
    await store.command('CREATE DATABASE IF NOT EXISTS d');
    await store.insert('t', [{ a: 1 }]);
    assert.deepEqual(
      seen,
      ['d', 'd', 'default', 'd'].map((name) => (name === 'default' ? null : name)),
    );
  });
});

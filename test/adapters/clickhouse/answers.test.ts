import assert from 'node:assert/strict';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, it } from 'node:test';
import { createClickHouseStore } from '../../../lib/adapters/clickhouse/index.ts';
import { NativeBlock, UINT64 } from '../../../lib/core/sql/native.ts';
import { type Store, StoreQueryError, StoreUnavailableError } from '../../../lib/ports/store.ts';
import { rowsOf } from '../../support/native-rows.ts';

const EXCEPTION = 'Code: 241. DB::Exception: Memory limit exceeded. (MEMORY_LIMIT_EXCEEDED) (version 26.3.1.1)\n';
const STD = 'std::exception. Code: 1001, type: std::filesystem::filesystem_error, e.what() = No space left on device\n';
const ROWS = JSON.stringify({ meta: [{ name: 'a', type: 'UInt8' }], data: [[1], [2]], rows: 2 });
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
      response.setHeader('X-ClickHouse-Query-Id', 'q');
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

  for (const [name, run] of statements) {
    it(`${name}: any other text where rows or nothing should be is a failure`, async () => {
      for (const body of [STD, '__exception__\r\nabc\r\nsomething broke', `${ROWS.slice(0, -20)}\n${EXCEPTION}`]) {
        const store = await storeOn((_, response) => response.end(body));
        await assert.rejects(run(store), StoreUnavailableError);
      }
    });

    it(`${name}: an answer that is not ClickHouse's own is a failure, an empty one too`, async () => {
      for (const body of ['<html>maintenance</html>', '', ROWS]) {
        const store = await storeOn((_, response) => {
          response.removeHeader('X-ClickHouse-Query-Id');
          response.end(body);
        });
        await assert.rejects(run(store), StoreUnavailableError);
      }
    });

    it(`${name}: an answer that breaks off on the way is a failure`, async () => {
      const cut: RequestListener[] = [
        (_, response) => {
          response.setHeader('Content-Length', '1000');
          response.write(ROWS, () => response.socket?.destroy());
        },
        (_, response) => response.write(ROWS, () => response.socket?.destroy()),
        (_, response) => response.flushHeaders(),
        (_, response) => {
          const timer = setInterval(() => response.write(' '), 50);
          response.on('close', () => clearInterval(timer));
        },
      ];
      for (const answer of cut) await assert.rejects(run(await storeOn(answer)), StoreUnavailableError);
    });

    it(`${name}: those that wait for a connection do not wait for ever`, async () => {
      const store = await storeOn(() => {});
      const outcomes = await Promise.allSettled(Array.from({ length: 40 }, () => run(store)));
      assert.ok(outcomes.every(({ status }) => status === 'rejected'));
    });
  }

  it('insert: only an empty answer confirms it', async () => {
    const confirmed = await storeOn((_, response) => response.end(''));
    await confirmed.insert('t', [{ a: 1 }]);
    const odd = await storeOn((_, response) => response.end('1'));
    await assert.rejects(odd.insert('t', [{ a: 1 }]), StoreUnavailableError);
  });

  it('reads a whole answer in Native blocks, and refuses one that was cut anywhere, also between blocks', async () => {
    const blocks = Buffer.concat([...nativeBlock([1, 2], 3), ...nativeBlock([3], 3)]);
    let body: Buffer | string = blocks;
    const store = await storeOn((_, response) => response.end(body));
    assert.deepEqual(rowsOf(await store.queryNative('SELECT a FROM t')), [{ a: 1 }, { a: 2 }, { a: 3 }]);
    for (let length = 0; length < blocks.length; length += 1) {
      body = blocks.subarray(0, length);
      await assert.rejects(store.queryNative('SELECT a FROM t'), StoreUnavailableError, `cut after ${length}`);
    }
    body = 'Code: 47. DB::Exception: no such column. (UNKNOWN_IDENTIFIER)';
    await assert.rejects(store.queryNative('SELECT a FROM t'), StoreQueryError);
  });

  it('reads a whole answer, and refuses one that was cut anywhere', async () => {
    let body = ROWS;
    const store = await storeOn((_, response) => response.end(body));
    assert.deepEqual(await store.query('SELECT a FROM t'), [{ a: 1 }, { a: 2 }]);
    for (let length = 0; length < ROWS.length; length += 1) {
      body = ROWS.slice(0, length);
      await assert.rejects(store.query('SELECT a FROM t'), StoreUnavailableError, `cut after ${length}`);
    }
    body = ROWS.replace('"rows":2', '"rows":3');
    await assert.rejects(store.query('SELECT a FROM t'), StoreUnavailableError);
  });

  it('refuses an exception written as part of the document', async () => {
    const store = await storeOn((_, response) =>
      response.end(`${ROWS.slice(0, -1)},"exception":${JSON.stringify(REFUSAL)}}`),
    );
    await assert.rejects(store.query('SELECT a'), (error) => error instanceof StoreQueryError && error.code === '60');
  });

  it('takes rows for rows, whatever text is in them', async () => {
    const body = JSON.stringify({ meta: [{ name: 'exception', type: 'String' }], data: [[EXCEPTION]], rows: 1 });
    const store = await storeOn((_, response) => response.end(body));
    assert.deepEqual(await store.query('SELECT exception FROM log'), [{ exception: EXCEPTION }]);
  });

  it('asks again for what disks, memory and the number of parts refuse now', async () => {
    for (const code of ['75', '241', '243', '252', '1000', '1001']) {
      const store = await storeOn((_, response) =>
        response.writeHead(500, { 'X-ClickHouse-Exception-Code': code }).end(`Code: ${code}. DB::Exception: no. (NO)`),
      );
      await assert.rejects(store.insert('t', [{ a: 1 }]), StoreUnavailableError);
    }
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
      response.end(seen.length === 1 ? ROWS : '');
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

/** A block of the column `a`, with the number of all rows as the adapter asks for it. */
function nativeBlock(values: readonly number[], all: number): Iterable<Uint8Array> {
  const block = new NativeBlock();
  const a = block.values('a', UINT64);
  block.constant('driftline_all_rows', UINT64, all);
  for (const value of values) a.add(value);
  return [block.take()!];
}

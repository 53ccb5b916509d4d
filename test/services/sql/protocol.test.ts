import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import { type ClickHouseClient, ClickHouseError, ClickHouseLogLevel, createClient } from '@clickhouse/client';
import type { SqlServer } from '../../../services/sql/index.ts';
import { ask, type SqlHarness, startSqlHarness } from './harness.ts';

describe("ClickHouse's HTTP protocol, writable", () => {
  let harness: SqlHarness;
  let server: SqlServer;
  let client: ClickHouseClient;
  before(async () => {
    harness = await startSqlHarness();
    server = await harness.serve({ writable: true });
    client = createClient({ url: server.url, database: 'driftline', log: { level: ClickHouseLogLevel.OFF } });
    await client.command({
      query: 'CREATE TABLE t (id UInt64, f Float64, s String, a Array(String)) ENGINE = MergeTree ORDER BY id',
    });
  });
  after(async () => {
    await client.close();
    await harness.stop();
  });

  const empty = () => client.command({ query: 'TRUNCATE TABLE t' });
  const all = async () => (await ask(server.url, 'SELECT id, f, hex(s), a FROM t ORDER BY id')).text;

  it('greets and answers pings', async () => {
    assert.equal((await ask(`${server.url}/ping`, '', {}, { method: 'GET' })).status, 404);
    assert.equal(await (await fetch(`${server.url}/ping`)).text(), 'Ok.\n');
    assert.equal(await (await fetch(server.url)).text(), 'Ok.\n');
    assert.equal((await client.ping()).success, true);
  });

  it('takes rows from @clickhouse/client and gives them back', async () => {
    await empty();
    const rows = [
      { id: 1, f: 0.1, s: 'ä\0\t\n\'"\\😀;', a: ['x', "y'"] },
      { id: 2, f: 5e-324, s: '', a: [] },
    ];
    await client.insert({ table: 't', values: rows, format: 'JSONEachRow' });
    const result = await client.query({ query: 'SELECT * FROM t ORDER BY id', format: 'JSONEachRow' });
    assert.deepEqual(await result.json(), rows);
    const json = await client.query({ query: 'SELECT count() AS n FROM t', format: 'JSON' });
    const { data, rows: count } = await json.json<{ n: number }>();
    assert.deepEqual([data, count], [[{ n: 2 }], 1]);
  });

  it('streams a larger result', async () => {
    const result = await client.query({ query: 'SELECT number FROM numbers(100000)', format: 'JSONCompactEachRow' });
    let rows = 0;
    for await (const batch of result.stream()) rows += batch.length;
    assert.equal(rows, 100_000);
  });

  it('gives its errors as ClickHouse gives them', async () => {
    const { status, headers, text } = await ask(server.url, 'SELECT nope');
    assert.deepEqual([status, headers.get('x-clickhouse-exception-code')], [404, '47']);
    assert.match(text, /^Code: 47\. DB::Exception: .*nope.* \(UNKNOWN_IDENTIFIER\)\n$/s);
    await assert.rejects(client.query({ query: 'SELECT * FROM missing' }), (error) => {
      assert.ok(error instanceof ClickHouseError);
      assert.deepEqual([error.code, error.type], ['60', 'UNKNOWN_TABLE']);
      return true;
    });
    assert.equal((await ask(server.url, 'SELECT 1; SELECT 2')).status, 400);
    assert.equal(
      (await ask(server.url, 'SELECT 1', { database: 'missing' })).headers.get('x-clickhouse-exception-code'),
      '81',
    );
    assert.equal(
      (await ask(server.url, 'SELECT 1', { no_such_setting: '1' })).headers.get('x-clickhouse-exception-code'),
      '115',
    );
  });

  it('sends the headers that clients read', async () => {
    const { headers } = await ask(server.url, 'SELECT 1 AS x FORMAT CSVWithNames', { query_id: 'q-1' });
    assert.equal(headers.get('x-clickhouse-format'), 'CSVWithNames');
    assert.equal(headers.get('x-clickhouse-query-id'), 'q-1');
    assert.equal(headers.get('x-clickhouse-timezone'), 'UTC');
    assert.match(headers.get('content-type') ?? '', /^text\/csv/);
    const summary = JSON.parse(headers.get('x-clickhouse-summary') ?? '') as Record<string, string>;
    assert.equal(summary.result_rows, '1');
    assert.ok(Number(summary.elapsed_ns) > 0);
    assert.match((await ask(server.url, 'SELECT 1')).headers.get('x-clickhouse-query-id') ?? '', /^[0-9a-f-]{36}$/);
  });

  it('reads the statement from the parameter, the body, or both; and formats from three places', async () => {
    assert.equal((await ask(server.url, '', { query: 'SELECT 1' })).text, '1\n');
    assert.equal((await ask(server.url, '', { query: 'SELECT 2' }, { method: 'GET' })).text, '2\n');
    assert.equal((await ask(server.url, '+ 2', { query: 'SELECT 1' })).text, '3\n');
    assert.equal((await ask(server.url, 'SELECT 1 AS x', { default_format: 'JSONEachRow' })).text, '{"x":1}\n');
    assert.equal(
      (await ask(server.url, 'SELECT 1 AS x', {}, { headers: { 'x-clickhouse-format': 'CSV' } })).text,
      '1\n',
    );
    assert.equal((await ask(server.url, "SELECT 'a' FORMAT CSV", { default_format: 'JSON' })).text, '"a"\n');
  });

  it('does not write on GET', async () => {
    const { status, headers } = await ask(
      server.url,
      '',
      { query: 'CREATE TABLE g (a Int8) ENGINE = Memory' },
      { method: 'GET' },
    );
    assert.deepEqual([status, headers.get('x-clickhouse-exception-code')], [403, '164']);
    assert.equal((await ask(server.url, '', { query: 'INSERT INTO t FORMAT CSV' }, { method: 'GET' })).status, 403);
  });

  it('takes parameters in escaped text', async () => {
    const text = (
      await ask(server.url, 'SELECT {s:String}, {n:Nullable(Int8)}, {a:Array(String)}', {
        param_s: 'a\\tb\\\\',
        param_n: '\\N',
        param_a: "['x','\\'']",
      })
    ).text;
    assert.equal(text, "a\\tb\\\\\t\\N\t['x','\\'']\n");
  });

  it('answers Native with the very bytes of the engine', async () => {
    const { bytes, headers } = await ask(server.url, "SELECT toUInt8(255) AS a, 'é' AS b FORMAT Native", {
      client_protocol_version: '54405',
    });
    assert.equal(headers.get('x-clickhouse-format'), 'Native');
    const expected = [
      2,
      1,
      1,
      0x61,
      5,
      ...Buffer.from('UInt8'),
      255,
      1,
      0x62,
      6,
      ...Buffer.from('String'),
      2,
      0xc3,
      0xa9,
    ];
    assert.deepEqual([...bytes], expected);
  });

  it('inserts binary bodies byte by byte', async () => {
    await empty();
    const row = Buffer.concat([Buffer.alloc(8), Buffer.alloc(8), Buffer.from([3, 0xff, 0, 0xfe, 1, 1, 0xe9])]);
    row.writeBigUInt64LE(300n, 0);
    row.writeDoubleLE(5e-324, 8);
    const head = 'INSERT INTO t FORMAT RowBinary';
    assert.equal((await ask(server.url, '', { query: head }, { body: row })).status, 200);
    assert.equal((await ask(server.url, '', {}, { body: Buffer.concat([Buffer.from(`${head}\n`), row]) })).status, 200);
    const inserted = "300\t5e-324\tFF00FE\t['\xe9']\n";
    const { bytes } = await ask(server.url, 'SELECT id, f, hex(s), a FROM t');
    assert.equal(bytes.toString('latin1'), inserted + inserted);
  });

  it('round-trips every format it is asked to, Native and Parquet among them', async () => {
    for (const format of [
      'Native',
      'Parquet',
      'Arrow',
      'RowBinaryWithNamesAndTypes',
      'MsgPack',
      'ORC',
      'CSV',
      'TSVWithNames',
      'JSONCompactEachRow',
      'JSON',
      'Values',
    ]) {
      await empty();
      const { bytes } = await ask(
        server.url,
        `SELECT toUInt64(number) AS id, number / 3 AS f, char(65 + number, 10) AS s, ['a', 'é'] AS a FROM numbers(2) FORMAT ${format}`,
      );
      const { status, text } = await ask(
        server.url,
        '',
        { query: `INSERT INTO t (id, f, s, a) FORMAT ${format}` },
        { body: bytes },
      );
      assert.equal(status, 200, `${format}: ${text}`);
      assert.match(await all(), /^0\t0\t410A\t\['a','é'\]\n1\t0.3333333333333333\t420A\t\['a','é'\]\n$/, format);
    }
  });

  it('takes compressed bodies, or refuses them', async () => {
    await empty();
    const plain = Buffer.from('INSERT INTO t FORMAT JSONEachRow\n{"id":7}\n');
    const send = (body: Buffer, encoding: string) =>
      ask(server.url, '', {}, { body, headers: { 'content-encoding': encoding } });
    assert.equal((await send(gzipSync(plain), 'gzip')).status, 200);
    const lz4 = await lz4Frame(plain);
    assert.equal((await send(lz4, 'lz4')).status, 200);
    assert.equal(await all(), '7\t0\t\t[]\n7\t0\t\t[]\n');
    for (const [body, encoding, code] of [
      [plain, 'snappy', '89'],
      [plain, 'gzip', '117'],
      [lz4.subarray(0, -4), 'lz4', '117'],
      [lz4.subarray(0, 30), 'lz4', '117'],
      [lz4.subarray(0, 30), 'zstd', '117'],
    ] as const) {
      assert.equal((await send(body, encoding)).headers.get('x-clickhouse-exception-code'), code, encoding);
    }
    assert.equal(
      (await ask(server.url, 'SELECT 1', { compress: '1' })).headers.get('x-clickhouse-exception-code'),
      '48',
    );
    assert.equal((await ask(server.url, 'x', { decompress: '1' })).status, 501);
    assert.equal(await all(), '7\t0\t\t[]\n7\t0\t\t[]\n');
  });

  it('caps what a compressed body unpacks to', async () => {
    const small = await harness.serve({ writable: true, maxBodyBytes: 10_000 });
    const bomb = gzipSync(Buffer.from(`SELECT '${'x'.repeat(100_000)}'`));
    assert.ok(bomb.length < 10_000);
    const { status, text } = await ask(small.url, '', {}, { body: bomb, headers: { 'content-encoding': 'gzip' } });
    assert.equal(status, 413, text);
  });

  it('never acknowledges an insert that it drops', async () => {
    await empty();
    const refused = await ask(server.url, '{"id":"no number"}', { query: 'INSERT INTO t FORMAT JSONEachRow' });
    assert.equal(refused.status, 400, refused.text);
    const binary = await ask(
      server.url,
      '',
      { query: 'INSERT INTO t FORMAT Native' },
      { body: Buffer.from([1, 2, 3]) },
    );
    assert.ok(binary.status >= 400, binary.text);
    const nowhere = await ask(server.url, '{"id":1}', { query: 'INSERT INTO missing FORMAT JSONEachRow' });
    assert.equal(nowhere.status, 404);
    assert.equal(await all(), '');
    assert.equal((await ask(server.url, '', { query: 'INSERT INTO t FORMAT JSONEachRow' })).status, 200);
    assert.equal((await ask(server.url, 'INSERT INTO t SELECT 1, 2, 3, []')).status, 200);
    assert.equal((await ask(server.url, "INSERT INTO t VALUES (2, 2, '3', ['x; y'])")).status, 200);
    assert.equal((await ask(server.url, "(3, 2, '3', [])", { query: 'INSERT INTO t VALUES' })).status, 200);
    assert.equal(await all(), "1\t2\t33\t[]\n2\t2\t33\t['x; y']\n3\t2\t33\t[]\n");
  });

  it('keeps settings, parameters and temporary tables to their request', async () => {
    const setting = "SELECT getSetting('max_threads')";
    const before = (await ask(server.url, setting)).text;
    assert.equal((await ask(server.url, setting, { max_threads: '7' })).text, '7\n');
    await ask(server.url, 'SET max_threads = 9');
    await ask(server.url, 'CREATE TEMPORARY TABLE left_over (a Int8)', { session_id: 's' });
    await ask(server.url, 'USE system');
    await ask(server.url, 'SELECT {p:String}', { param_p: 'secret' });
    for (let i = 0; i < 5; i += 1) {
      assert.equal((await ask(server.url, setting)).text, before);
      assert.equal((await ask(server.url, 'SELECT * FROM left_over', { session_id: 's' })).status, 404);
      assert.equal((await ask(server.url, 'SELECT currentDatabase()')).text, 'driftline\n');
      assert.equal((await ask(server.url, 'SELECT {p:String}')).headers.get('x-clickhouse-exception-code'), '456');
    }
  });

  it('asks for the password where one is set', async () => {
    const guarded = await harness.serve({ writable: true, password: 'päss:1' });
    const basic = `Basic ${Buffer.from('default:päss:1').toString('base64')}`;
    assert.equal((await ask(guarded.url, 'SELECT 1')).headers.get('x-clickhouse-exception-code'), '516');
    assert.equal((await ask(guarded.url, 'SELECT 1', { password: 'wrong' })).status, 403);
    assert.equal((await ask(guarded.url, 'SELECT 1', { user: 'default', password: 'päss:1' })).text, '1\n');
    assert.equal((await ask(guarded.url, 'SELECT 1', {}, { headers: { authorization: basic } })).text, '1\n');
  });

  it('answers what clickhouse-connect asks when it connects, as captured from version 1.12', async () => {
    const agent = { 'user-agent': 'clickhouse-connect/1.12.0', 'accept-encoding': 'lz4,zstd,gzip,deflate' };
    assert.match(
      (await ask(server.url, 'SELECT version(), timezone()', {}, { headers: agent })).text,
      /^\d+\.\d+\.\d+\.\d+\t(Etc\/)?UTC\n$/,
    );
    const settings = 'SELECT name, value, readonly FROM system.settings LIMIT 10000\n FORMAT Native';
    assert.equal((await ask(server.url, settings, { wait_end_of_query: '1' }, { headers: agent })).status, 200);
    const query = {
      date_time_input_format: 'best_effort',
      cast_string_to_dynamic_use_inference: '1',
      session_id: '84804e93-891d-4630-a84d-b739b2c49fd9',
      cancel_http_readonly_queries_on_client_close: '1',
      wait_end_of_query: '1',
      send_progress_in_http_headers: '1',
      http_headers_progress_interval_ms: '120000',
      database: 'driftline',
      query_id: '',
    };
    const { status, headers, bytes } = await ask(server.url, 'SELECT 1 AS a\n FORMAT Native', query, {
      headers: agent,
    });
    assert.equal(status, 200);
    assert.equal(headers.get('content-encoding'), null);
    assert.deepEqual([...bytes], [1, 1, 1, 0x61, 5, ...Buffer.from('UInt8'), 1]);
  });

  /** The engine writes lz4 frames; Node 20 cannot. */
  async function lz4Frame(plain: Buffer): Promise<Buffer> {
    const { join } = await import('node:path');
    const { readFile } = await import('node:fs/promises');
    const path = join(harness.scratch, 'body.lz4');
    const session = harness.engine.session();
    await session.run(
      `SELECT base64Decode('${plain.toString('base64')}') INTO OUTFILE '${path}' COMPRESSION 'lz4' FORMAT RawBLOB`,
    );
    session.close();
    return readFile(path);
  }
});

import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { request } from 'node:http';
import { after, before, describe, it } from 'node:test';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import type { SqlServer } from '../../../services/sql/index.ts';
import { type Ask, ask, type SqlHarness, startSqlHarness } from './harness.ts';

describe('inserts through sql-server', () => {
  let harness: SqlHarness;
  let server: SqlServer;
  before(async () => {
    harness = await startSqlHarness();
    server = await harness.serve({ writable: true });
    await ask(server.url, 'CREATE TABLE t (a UInt32, s String) ENGINE = MergeTree ORDER BY a');
    await ask(
      server.url,
      'CREATE TABLE `format` (`values` UInt32, `select` String) ENGINE = MergeTree ORDER BY tuple()',
    );
  });
  after(async () => {
    await harness.stop();
  });

  const rows = async (table = 't') => (await ask(server.url, `SELECT * FROM \`${table}\` ORDER BY ALL`)).text;

  async function insert(query: string, body: string | Uint8Array, more: Ask = {}) {
    await ask(server.url, 'TRUNCATE TABLE t');
    return ask(server.url, '', query === '' ? {} : { query }, { ...more, body });
  }

  async function stored(query: string, body: string | Uint8Array, expected: string, more: Ask = {}) {
    const { status, text } = await insert(query, body, more);
    assert.equal(status, 200, `${query}: ${text}`);
    assert.equal(await rows(), expected, query);
  }

  async function refused(code: string, query: string, body: string | Uint8Array, more: Ask = {}) {
    const { headers, text } = await insert(query, body, more);
    assert.equal(headers.get('x-clickhouse-exception-code'), code, `${query}: ${text}`);
    assert.doesNotMatch(text, /\/dev\/fd|INFILE|parsed from file/, 'the client knows of no file');
    assert.equal(await rows(), '', query);
  }

  it('takes data with empty lines whole, whatever follows them', async () => {
    await stored('INSERT INTO t FORMAT CSV', '1,"x\n\nDROP TABLE t"\n2,"z"\n', '1\tx\\n\\nDROP TABLE t\n2\tz\n');
    await stored('INSERT INTO t FORMAT JSONEachRow', '{"a":1,"s":"x"}\n\n{"a":2,"s":"y"}', '1\tx\n2\ty\n');
    await stored('', 'INSERT INTO t FORMAT JSONEachRow\n{"a":1,"s":"x"}\n\n\n{"a":2,"s":"y"}\n', '1\tx\n2\ty\n');
    await stored(
      'INSERT INTO t (s) FORMAT LineAsString',
      'a\n\nTRUNCATE TABLE t\n',
      '0\t\n0\tTRUNCATE TABLE t\n0\ta\n',
    );
    await refused('27', 'INSERT INTO t FORMAT TSV', '1\tx\n\nTRUNCATE TABLE t;\n2\ty\n');
  });

  it('finds where the data begin as ClickHouse does', async () => {
    const row = '{"a":1,"s":"x"}';
    for (const head of [
      'INSERT INTO t FORMAT JSONEachRow ',
      'insert into t format JSONEachRow\n',
      'INSERT INTO t FORMAT JSONEachRow\r\n',
      '-- FORMAT CSV\n/* VALUES */ INSERT INTO driftline.t (a, `s`) FORMAT JSONEachRow\n',
      'INSERT INTO TABLE `t` ("a", s) SETTINGS async_insert = 0, input_format_null_as_default = 1 FORMAT JSONEachRow\n\n',
    ]) {
      await stored('', head + row, '1\tx\n');
    }
    await stored('INSERT INTO t FORMAT JSONEachRow;', row, '1\tx\n');
    await stored('INSERT INTO t SETTINGS input_format_null_as_default = 1 FORMAT JSONEachRow', row, '1\tx\n');
    await stored('INSERT INTO t FORMAT JSONEachRow {"a":0,"s":"w"}', row, '0\tw\n1\tx\n');
    await stored('INSERT INTO t FORMAT RowBinary', Buffer.from([32, 0, 0, 0, 1, 10]), '32\t\\n\n');
    await stored('', Buffer.from('INSERT INTO t FORMAT RowBinary\n\x0a\0\0\0\x01\x20', 'latin1'), '10\t \n');
  });

  it('takes a table and columns whose names are words of the statement', async () => {
    const head = 'INSERT INTO format (`values`, `select`) FORMAT CSV';
    assert.equal((await ask(server.url, '1,"x"\n', { query: head })).status, 200);
    assert.equal((await ask(server.url, "INSERT INTO driftline.format (values, select) VALUES (2, 'y')")).status, 200);
    assert.equal(await rows('format'), '1\tx\n2\ty\n');
  });

  it('takes VALUES, with expressions and parameters, and no second statement behind them', async () => {
    await stored('', "INSERT INTO t VALUES (1, 'x\n\n;'), (1 + 1, upper('y'));\n", '1\tx\\n\\n;\n2\tY\n');
    await stored('INSERT INTO t VALUES', "(1, 'x')", '1\tx\n');
    await ask(server.url, "INSERT INTO t VALUES ({p:UInt32}, 'p')", { param_p: '7' });
    assert.equal(await rows(), '1\tx\n7\tp\n');
    await refused('62', '', "INSERT INTO t VALUES (1, 'x'); DROP TABLE t");
    await refused('62', 'INSERT INTO t VALUES', "(1, 'x'); (2, 'y')");
  });

  it('refuses what it would store nothing of', async () => {
    const select = "INSERT INTO t SELECT a, s FROM input('a UInt32, s String') FORMAT JSONEachRow";
    await refused('48', select, '{"a":1,"s":"x"}');
    await refused('48', '', `${select}\n{"a":1,"s":"x"}`);
    await refused('73', 'INSERT INTO t FORMAT Nope', 'x');
  });

  it('stores nothing of data that break at their end, however many rows come before', async () => {
    const many = Buffer.alloc(5 * 1_500_000 + 3);
    for (let i = 0; i < 1_500_000; i += 1) many.writeUInt32LE(i, i * 5);
    await refused('33', 'INSERT INTO t FORMAT RowBinary', many);
    const lines = `${'1\tx\n'.repeat(1_500_000)}no number\ty\n`;
    await refused('27', 'INSERT INTO t FORMAT TSV', lines);
    assert.equal((await insert('INSERT INTO t FORMAT RowBinary', many.subarray(0, -3))).status, 200);
    assert.equal((await ask(server.url, 'SELECT count(), uniqExact(a) FROM t')).text, '1500000\t1500000\n');
  });

  it('unpacks bodies, and refuses those cut off, changed, followed by more, or too long', async () => {
    const plain = Buffer.from('1\tx\n'.repeat(1_000));
    const expected = '1\tx\n'.repeat(1_000);
    for (const [encoding, packed] of [
      ['gzip', gzipSync(plain)],
      ['gzip', Buffer.concat([gzipSync(plain.subarray(0, 400)), gzipSync(plain.subarray(400))])],
      ['deflate', deflateSync(plain)],
      ['br', brotliCompressSync(plain)],
    ] as const) {
      const headers = { 'content-encoding': encoding };
      await stored('INSERT INTO t FORMAT TSV', packed, expected, { headers });
      await refused('117', 'INSERT INTO t FORMAT TSV', packed.subarray(0, -1), { headers });
    }
    const headers = { 'content-encoding': 'deflate' };
    await refused('117', 'INSERT INTO t FORMAT TSV', Buffer.concat([deflateSync(plain), deflateSync(plain)]), {
      headers,
    });
    const changed = gzipSync(plain);
    changed[changed.length - 5]! ^= 1;
    await refused('117', 'INSERT INTO t FORMAT TSV', changed, { headers: { 'content-encoding': 'gzip' } });
    const small = await harness.serve({ writable: true, maxBodyBytes: 1_000 });
    for (const [body, encoding] of [
      [plain, ''],
      [gzipSync(plain), 'gzip'],
    ] as const) {
      const more: Ask = encoding === '' ? { body } : { body, headers: { 'content-encoding': encoding } };
      const { status, headers: told } = await ask(small.url, '', { query: 'INSERT INTO t FORMAT TSV' }, more);
      assert.deepEqual([status, told.get('x-clickhouse-exception-code')], [413, '229']);
    }
    assert.equal(await rows(), '');
  });

  it('stores nothing where the sender breaks off', async () => {
    await ask(server.url, 'TRUNCATE TABLE t');
    const url = `${server.url}/?${new URLSearchParams({ query: 'INSERT INTO t FORMAT TSV' })}`;
    await new Promise<void>((resolve) => {
      const sending = request(url, { method: 'POST', headers: { 'content-length': '1000' } });
      sending.on('error', () => resolve());
      sending.write('1\tx\n', () => setTimeout(() => sending.destroy(), 50));
      sending.on('close', () => resolve());
    });
    await ask(server.url, 'SELECT sleep(0.2)');
    assert.equal(await rows(), '');
  });

  it('keeps bodies apart that come at once, long ones before short ones too', async () => {
    await ask(server.url, 'TRUNCATE TABLE t');
    const lengths = Array.from({ length: 60 }, (_, i) => (i % 3 === 0 ? 300_000 : i));
    const query = 'INSERT INTO t FORMAT TSV';
    const answers = await Promise.all(
      lengths.map((length, i) => ask(server.url, '', { query }, { body: `${i}\t${'x'.repeat(length)}\n` })),
    );
    assert.ok(answers.every(({ status }) => status === 200));
    const stored = await ask(server.url, 'SELECT a, length(s) FROM t ORDER BY a');
    assert.equal(stored.text, lengths.map((length, i) => `${i}\t${length}\n`).join(''));
  });

  it('leaves no files', async () => {
    const left = (await readdir(harness.engine.dir)).filter((name) => name.startsWith('driftline-'));
    assert.deepEqual(left, []);
  });
});

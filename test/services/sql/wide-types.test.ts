import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { Readable } from 'node:stream';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { ClickHouseError, ClickHouseLogLevel, createClient } from '@clickhouse/client';
import type { SqlServer } from '../../../services/sql/index.ts';
import { ask, type SqlHarness, startSqlHarness } from './harness.ts';

const PYTHON = fileURLToPath(new URL('../../../.cache/python/bin/python', import.meta.url));
const SCRIPT = fileURLToPath(new URL('./write_with_connect.py', import.meta.url));

/** Columns, types, and the value of row `number` as SQL: what both clients write in their own way. */
const WIDE = [
  ['id', 'UInt64', 'number'],
  ['maybe', 'Nullable(Float64)', 'if(number % 2 = 1, NULL, number / 3)'],
  ['low', 'LowCardinality(Nullable(String))', "if(number % 3 = 0, NULL, concat('low-', toString(number % 3)))"],
  ['items', 'Array(Nullable(Int32))', '[toInt32(number), NULL, -toInt32(number)]'],
  ['pairs', 'Map(String, UInt64)', "map('a', number, 'ü\\n\\'', toUInt64(9223372036854775808))"],
  ['at', "DateTime64(3, 'UTC')", "toDateTime64('2026-01-02 03:04:05.678', 3, 'UTC') + toIntervalMillisecond(number)"],
  ['money', 'Decimal(38, 10)', "toDecimal128('-12345678901234567890.0123456789', 10) + number"],
  ['key', 'UUID', "toUUID(concat('80000000-0000-0000-0000-00000000000', toString(number)))"],
  ['colour', "Enum8('red' = -1, 'green' = 100)", "if(number % 2 = 1, 'green', 'red')"],
  ['v4', 'IPv4', "toIPv4(concat('10.0.0.', toString(number)))"],
  ['v6', 'IPv6', "toIPv6(concat('2001:db8::', toString(number + 1)))"],
  ['both', 'Tuple(n Int16, s String)', "(toInt16(number), concat('t\\0', toString(number)))"],
  ['fixed', 'FixedString(3)', "concat('\\xff\\0', char(number))"],
  ['yes', 'Bool', 'number % 2 = 0'],
  ['day', 'Date32', "toDate32('1999-12-31')"],
  ['huge', 'Int256', 'negate(toInt256(1267650600228229401496703205376)) - number'],
  ['nested', 'Array(Array(String))', "[[concat('x', toString(number)), ''], []]"],
  ['single', 'Float32', 'if(number = 1, nan, -inf)'],
  ['text', 'String', "repeat('é😀\ud7ff', number)"],
] as const;

const shown = (table: string) => `SELECT * REPLACE (hex(fixed) AS fixed) FROM ${table} ORDER BY id FORMAT TSV`;

describe('rows of many types through real clients', () => {
  let harness: SqlHarness;
  let server: SqlServer;
  let expected: string;
  const columns = WIDE.map(([name]) => name);
  const run = async (sql: string): Promise<string> => {
    const { status, text } = await ask(server.url, sql);
    assert.equal(status, 200, text);
    return text;
  };
  before(async () => {
    harness = await startSqlHarness();
    server = await harness.serve({ writable: true });
    const types = WIDE.map(([name, type]) => `${name} ${type}`).join(', ');
    await run(`CREATE TABLE wide (${types}) ENGINE = MergeTree ORDER BY id`);
    await run('CREATE TABLE written AS wide');
    await run('CREATE TABLE numbers (i UInt64, f Float64) ENGINE = MergeTree ORDER BY i');
    await run(`INSERT INTO wide SELECT ${WIDE.map(([, , value]) => value).join(', ')} FROM numbers(4)`);
    expected = await run(shown('wide'));
    assert.equal(expected.split('\n').length, 5);
  });
  after(async () => {
    await harness.stop();
  });

  it('stores what clickhouse-connect sends, however it is compressed, and refuses what is broken', async () => {
    const args = [SCRIPT, new URL(server.url).port, columns.join(',')];
    const { stdout } = await promisify(execFile)(PYTHON, args, { timeout: 120_000, maxBuffer: 2 ** 24 });
    const seen = JSON.parse(stdout) as {
      stored: [string, string][];
      numbers: Record<string, number[]>;
      expected_numbers: number[];
      refused: Record<string, string | null>;
      raw: number[];
      after: number;
      wrong: string;
    };
    for (const [compression, stored] of seen.stored) assert.equal(stored, expected, compression);
    assert.deepEqual(
      seen.stored.map(([compression]) => compression),
      ['False', 'True', 'lz4', 'zstd', 'gzip'],
    );
    for (const [compression, sums] of Object.entries(seen.numbers)) {
      assert.deepEqual(sums, seen.expected_numbers, compression);
    }
    assert.deepEqual(seen.raw, [3, 6, 9, 12, 15]);
    assert.equal(seen.after, 15);
    for (const [what, error] of Object.entries(seen.refused)) {
      assert.match(error ?? 'it was taken', /code:? \d+|DB::Exception/i, what);
    }
    assert.ok(seen.wrong.length > 0);
  });

  for (const request of [false, true]) {
    it(`stores streams of @clickhouse/client in binary formats${request ? ', compressed' : ''}`, async () => {
      const client = createClient({
        url: server.url,
        database: 'driftline',
        compression: { request, response: true },
        log: { level: ClickHouseLogLevel.OFF },
      });
      try {
        for (const format of ['RowBinary', 'RowBinaryWithNames', 'RowBinaryWithNamesAndTypes', 'Native', 'Parquet']) {
          const made = await ask(server.url, `SELECT * FROM wide ORDER BY id FORMAT ${format}`);
          assert.equal(made.status, 200);
          await run('CREATE OR REPLACE TABLE copied AS wide');
          const query = `INSERT INTO copied (${columns.join(', ')}) FORMAT ${format}`;
          const pieces = (bytes: Buffer) =>
            Readable.from(
              Array.from({ length: Math.ceil(bytes.length / 100) }, (_, i) => bytes.subarray(i * 100, i * 100 + 100)),
              {
                objectMode: false,
              },
            );
          const send = async (bytes: Buffer) => {
            const { stream } = await client.exec({ query, values: pieces(bytes) });
            for await (const _ of stream) assert.fail('an INSERT answers nothing');
          };
          await assert.rejects(send(made.bytes.subarray(0, -1)), ClickHouseError, format);
          await assert.rejects(send(Buffer.concat([made.bytes, Buffer.from([1])])), ClickHouseError, format);
          assert.equal(await run('SELECT count() FROM copied'), '0\n', format);
          await send(made.bytes);
          if (format !== 'Parquet') assert.equal(await run(shown('copied')), expected, format);
          else assert.equal(await run('SELECT count() FROM copied'), '4\n');
        }
      } finally {
        await client.close();
      }
    });
  }
});

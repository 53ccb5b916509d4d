import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { SqlServer } from '../../../services/sql/index.ts';
import { ask, type SqlHarness, startSqlHarness } from './harness.ts';

/** Bytes of a block's checksum and header. */
const [CHECKSUM, HEAD] = [16, 25];

describe("bodies in ClickHouse's own compressed blocks", () => {
  let harness: SqlHarness;
  let server: SqlServer;
  before(async () => {
    harness = await startSqlHarness();
    server = await harness.serve({ writable: true });
  });
  after(() => harness.stop());

  const run = async (sql: string): Promise<string> => {
    const { status, text } = await ask(server.url, sql);
    assert.equal(status, 200, text);
    return text.trim();
  };

  /** A column's file as the engine writes it: the very blocks, of which RowBinary of that column alone is made. */
  async function blocks(type: string, codec: string, value: string, rows: number): Promise<Buffer> {
    const settings =
      'min_bytes_for_wide_part = 0, min_rows_for_wide_part = 0, ratio_of_defaults_for_sparse_serialization = 1';
    await run(
      `CREATE OR REPLACE TABLE source (a ${type} CODEC(${codec})) ENGINE = MergeTree ORDER BY tuple() SETTINGS ${settings}`,
    );
    await run(`INSERT INTO source SELECT ${value} FROM numbers(${rows})`);
    const path = await run(
      "SELECT path FROM system.parts WHERE active AND table = 'source' AND database = 'driftline'",
    );
    await run(`CREATE OR REPLACE TABLE target (a ${type}) ENGINE = MergeTree ORDER BY tuple()`);
    return readFile(join(path, 'a.bin'));
  }

  const send = (body: Buffer, query = 'INSERT INTO target FORMAT RowBinary') =>
    ask(server.url, '', { query, decompress: '1' }, { body });
  const count = () => run('SELECT count() FROM target');

  for (const codec of ['LZ4', 'LZ4HC(9)', 'ZSTD(1)', 'NONE']) {
    it(`are read and checked: ${codec}`, async () => {
      // Every way the checksum takes by length, and several blocks.
      for (const rows of [...Array(24).keys()].map((i) => i + 1).concat([130, 260, 5_000])) {
        const { status, text } = await send(await blocks('UInt8', codec, 'cityHash64(number) % 250', rows));
        assert.equal(status, 200, `${rows} rows: ${text}`);
        assert.equal(await run('SELECT groupArray(a) FROM source'), await run('SELECT groupArray(a) FROM target'));
      }
      const body = await blocks('UInt64', codec, 'cityHash64(number) % 100000', 300_000);
      assert.ok(body.length > 2 * (CHECKSUM + body.readUInt32LE(CHECKSUM + 1)), 'one block alone');
      assert.equal((await send(body)).status, 200);
      const sums = 'SELECT count(), sum(a), max(a), groupBitXor(cityHash64(a))';
      assert.equal(await run(`${sums} FROM target`), await run(`${sums} FROM source`));
    });
  }

  it('are refused where they are cut off, changed, or of another kind, and nothing is stored', async () => {
    const body = await blocks('UInt64', 'LZ4', 'cityHash64(number) % 100000', 300_000);
    const first = CHECKSUM + body.readUInt32LE(CHECKSUM + 1);
    const refused = async (code: string, broken: Buffer) => {
      const { headers, text } = await send(broken);
      assert.equal(headers.get('x-clickhouse-exception-code'), code, text);
      assert.equal(await count(), '0');
    };
    await refused('271', body.subarray(0, -1));
    await refused('271', body.subarray(0, first + 10));
    await refused('271', Buffer.concat([body, Buffer.from('more')]));
    for (const at of [0, 15, CHECKSUM + 6, HEAD, HEAD + 1_000, first + HEAD + 5]) {
      const changed = Buffer.from(body);
      changed[at]! ^= 1;
      await refused('40', changed);
    }
    const method = Buffer.from(body);
    method[CHECKSUM] = 0x91;
    await refused('48', method);
    await refused('48', Buffer.concat([body, await blocks('UInt64', 'ZSTD(1)', 'number', 10)]));
    const plain = await blocks('UInt64', 'NONE', 'number', 3);
    assert.equal((await send(Buffer.concat([body, plain]))).status, 200, 'a frame of LZ4 holds plain blocks');
    assert.equal(await count(), '300003');
  });

  it('are refused where they are no data of an INSERT, or answers', async () => {
    assert.equal((await ask(server.url, 'SELECT 1', { decompress: '1' })).status, 501);
    const { headers } = await ask(server.url, 'SELECT 1', { compress: '1' });
    assert.equal(headers.get('x-clickhouse-exception-code'), '48');
    assert.equal((await ask(server.url, 'SELECT 1', { decompress: '0', compress: '0' })).text, '1\n');
  });
});

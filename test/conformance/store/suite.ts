import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import { type Store, StoreQueryError, StoreUnavailableError } from '../../../lib/ports/store.ts';
import { nativeConformance } from './native.ts';

export interface StoreUnderTest {
  store: Store;
  stop(): Promise<void>;
}

const TABLE = `CREATE TABLE values_rows (
  id UInt64, i Int64, f Float64, maybe Nullable(Float64), s String, floats Array(Float64), words Array(String),
  low LowCardinality(String), at DateTime64(3, 'UTC'), defaulted UInt32 DEFAULT 7
) ENGINE = MergeTree ORDER BY id`;

/** A row with every kind of column that Driftline's tables have. */
function row(id: number, changes: Record<string, unknown> = {}) {
  const plain = { id, i: 0, f: 0, maybe: null, s: '', floats: [], words: [], low: 'x', at: '2026-01-01 00:00:00.000' };
  return { ...plain, ...changes };
}

/** What every implementation of the store port does. `open` gives a store on an empty database. */
export function storeConformance(name: string, open: () => Promise<StoreUnderTest>): void {
  describe(`store conformance: ${name}`, () => {
    let under: StoreUnderTest;
    let store: Store;
    let next = 1;
    before(async () => {
      under = await open();
      store = under.store;
      await store.command(`CREATE DATABASE IF NOT EXISTS ${store.database}`);
      await store.command(TABLE);
    });
    after(async () => {
      await under.stop();
    });

    const insertAndRead = async (changes: Record<string, unknown>) => {
      const id = next++;
      await store.insert('values_rows', [row(id, changes)]);
      const rows = await store.query<Record<string, unknown>>('SELECT * FROM values_rows WHERE id = {id:UInt64}', {
        id,
      });
      assert.equal(rows.length, 1);
      return rows[0] as Record<string, unknown>;
    };

    it('uses its database for unqualified names, also for a table that another statement qualifies', async () => {
      const [count] = await store.query<{ n: number }>(
        `SELECT count() AS n FROM ${store.database}.values_rows WHERE id = 0`,
      );
      assert.deepEqual(count, { n: 0 });
      assert.deepEqual(await store.query('SELECT currentDatabase() AS name'), [{ name: store.database }]);
    });

    it('takes an empty list of rows as nothing to do', async () => {
      await store.insert('values_rows', []);
      await store.insert('no_such_table', []);
    });

    it('returns 64-bit integers as numbers', async () => {
      const back = await insertAndRead({ i: -Number.MAX_SAFE_INTEGER });
      assert.equal(back.i, -Number.MAX_SAFE_INTEGER);
      assert.deepEqual(await store.query('SELECT toUInt64(9007199254740991) AS n'), [{ n: Number.MAX_SAFE_INTEGER }]);
    });

    it('fills columns that a row leaves out with their defaults', async () => {
      assert.equal((await insertAndRead({})).defaulted, 7);
    });

    it('keeps every bit of finite Float64 values, alone, nullable and in arrays', async () => {
      const finite = fc.double({ noNaN: true, noDefaultInfinity: true });
      await fc.assert(
        fc.asyncProperty(finite, fc.array(finite, { maxLength: 20 }), async (f, floats) => {
          const back = await insertAndRead({ f, maybe: f, floats });
          assert.ok(Object.is(back.f, f), `${back.f} is not ${f}`);
          assert.ok(Object.is(back.maybe, f));
          assert.deepEqual(back.floats, floats);
        }),
        { numRuns: 40 },
      );
    });

    it('takes typed arrays', async () => {
      const back = await insertAndRead({ floats: Float64Array.of(0.1, 5e-324, -0) });
      assert.deepEqual(back.floats, [0.1, 5e-324, -0]);
    });

    it('stores NaN and the infinities as they are and returns them as null', async () => {
      const back = await insertAndRead({
        f: Number.NaN,
        maybe: Number.POSITIVE_INFINITY,
        floats: [Number.NEGATIVE_INFINITY],
      });
      assert.deepEqual([back.f, back.maybe, back.floats], [null, null, [null]]);
      const sql =
        'SELECT isNaN(f) AS nan, isInfinite(assumeNotNull(maybe)) AS inf FROM values_rows WHERE id = {id:UInt64}';
      assert.deepEqual(await store.query(sql, { id: back.id }), [{ nan: 1, inf: 1 }]);
    });

    it('keeps any text, in rows and in parameters', async () => {
      const texts = fc.oneof(
        fc.string({ unit: 'binary', maxLength: 30 }),
        fc.string({
          unit: fc.constantFrom('\\', "'", '"', '`', '\n', '\t', '\0', ';', '{', '}', ':', '-', '/*', 'N', '😀'),
        }),
      );
      await fc.assert(
        fc.asyncProperty(texts, fc.array(texts, { maxLength: 4 }), async (s, words) => {
          const back = await insertAndRead({ s, words, low: s });
          assert.deepEqual([back.s, back.words, back.low], [s, words, s]);
          const echo = 'SELECT {s:String} AS s, {words:Array(String)} AS words';
          assert.deepEqual(await store.query(echo, { s, words }), [{ s, words }]);
        }),
        { numRuns: 60 },
      );
    });

    it('replaces a lone surrogate, which no UTF-8 text can hold', async () => {
      assert.equal((await insertAndRead({ s: 'a\ud800b' })).s, 'a\ufffdb');
    });

    it('takes parameters of every type that Driftline uses', async () => {
      const sql = `SELECT {n:UInt64} AS n, {f:Float64} AS f, {b:UInt8} AS b, {none:Nullable(String)} AS none,
        toUnixTimestamp64Milli({at:DateTime64(3, 'UTC')}) AS at, {floats:Array(Float64)} AS floats`;
      const params = {
        n: 2 ** 53 - 1,
        f: -1e-300,
        b: true,
        none: null,
        at: '2026-01-01 00:00:00.001',
        floats: [1, -0.5],
      };
      const [back] = await store.query(sql, params);
      assert.deepEqual(back, { ...params, b: 1, at: Date.UTC(2026, 0, 1, 0, 0, 0, 1) });
    });

    it('takes parameters longer than a URL may be', async () => {
      const ids = Array.from({ length: 20_000 }, (_, i) => `prediction-${i}`);
      assert.deepEqual(await store.query('SELECT length({ids:Array(String)}) AS n', { ids }), [{ n: 20_000 }]);
    });

    it('never lets one query see the parameters of another', async () => {
      await store.query('SELECT {secret:String} AS x', { secret: 'a' });
      for (let i = 0; i < 8; i += 1) {
        await assert.rejects(store.query('SELECT {secret:String} AS x'), (error) => {
          assert.ok(error instanceof StoreQueryError);
          assert.equal(error.code, '456');
          return true;
        });
      }
      const echo = async (i: number) => store.query('SELECT {x:String} AS x, sleep(0.01) AS s', { x: `v${i}` });
      const answers = await Promise.all(Array.from({ length: 30 }, (_, i) => echo(i)));
      assert.deepEqual(
        answers.map(([first]) => first?.x),
        answers.map((_, i) => `v${i}`),
      );
    });

    it('does not take a value for SQL', async () => {
      const evil = "'; DROP TABLE values_rows; --";
      assert.deepEqual(await store.query('SELECT {x:String} AS x', { x: evil }), [{ x: evil }]);
      assert.equal((await insertAndRead({ s: evil })).s, evil);
    });

    it('runs queries beside each other', async () => {
      const started = Date.now();
      await Promise.all(Array.from({ length: 3 }, () => store.query('SELECT sleep(1)')));
      assert.ok(Date.now() - started < 2_800, 'three sleeps of a second took turns');
    });

    it('says what the engine says of a wrong statement', async () => {
      for (const [sql, code, type] of [
        ['SELECT nope', '47', 'UNKNOWN_IDENTIFIER'],
        ['SELECT * FROM no_such_table', '60', 'UNKNOWN_TABLE'],
        ['SELEC 1', '62', 'SYNTAX_ERROR'],
      ] as const) {
        await assert.rejects(store.query(sql), (error) => {
          assert.ok(error instanceof StoreQueryError, `${error}`);
          assert.deepEqual([error.code, error.type], [code, type]);
          return true;
        });
      }
    });

    it('refuses a row that does not fit and takes none of its neighbours', async () => {
      const id = next++;
      await assert.rejects(store.insert('values_rows', [row(id), row(id, { f: 'not a number' })]), StoreQueryError);
      assert.deepEqual(await store.query('SELECT count() AS n FROM values_rows WHERE id = {id:UInt64}', { id }), [
        { n: 0 },
      ]);
    });

    nativeConformance(() => store);

    it('fails a query that breaks when rows have gone out already', async () => {
      const sql =
        "SELECT throwIf(number = 3000000, 'broke late') AS x, toString(number) AS pad FROM numbers(4000000) LIMIT 3500000";
      await assert.rejects(store.query(`SELECT count() AS n, max(x) FROM (${sql})`), StoreQueryError);
    });

    it('makes a large insert visible at once', async () => {
      const first = next;
      next += 5_000;
      await store.insert(
        'values_rows',
        Array.from({ length: 5_000 }, (_, i) => row(first + i, { s: 'y'.repeat(50) })),
      );
      const sql = 'SELECT count() AS n FROM values_rows WHERE id >= {first:UInt64}';
      assert.deepEqual(await store.query(sql, { first }), [{ n: 5_000 }]);
    });

    it('answers ping, and nothing after close', async () => {
      await store.ping();
      await store.close();
      await assert.rejects(store.query('SELECT 1'), StoreUnavailableError);
      await store.close();
    });
  });
}

import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import fc from 'fast-check';
import { FLOAT64, NativeBlock, TEXT, TIME, UINT32, UINT64 } from '../../../lib/core/sql/native.ts';
import { type Store, StoreQueryError } from '../../../lib/ports/store.ts';
import { sqlTime } from '../../../lib/tables/time.ts';
import { rowsOf } from '../../support/native-rows.ts';

const NATIVE_TABLE = (name: string) => `CREATE TABLE ${name} (
  id UInt64, n UInt64, f Float64, maybe Nullable(Float64), said Nullable(String), s String, floats Array(Float64),
  words Array(String), counts Array(UInt64), small Array(UInt32), low LowCardinality(String), at DateTime64(3, 'UTC'),
  defaulted UInt32 DEFAULT 7
) ENGINE = MergeTree ORDER BY id`;

/** The table's columns but the one with a default. */
class ValuesBlock {
  readonly block = new NativeBlock();
  readonly #id = this.block.values('id', UINT64);
  readonly #n = this.block.values('n', UINT64);
  readonly #f = this.block.values('f', FLOAT64);
  readonly #maybe = this.block.nullables('maybe', FLOAT64);
  readonly #said = this.block.nullables('said', TEXT);
  readonly #s = this.block.values('s', TEXT);
  readonly #floats = this.block.arrays('floats', FLOAT64);
  readonly #words = this.block.arrays('words', TEXT);
  readonly #counts = this.block.arrays('counts', UINT64);
  readonly #small = this.block.arrays('small', UINT32);
  readonly #low = this.block.values('low', TEXT);
  readonly #at = this.block.values('at', TIME);

  add(row: ReturnType<typeof nativeRow>): void {
    this.#id.add(row.id);
    this.#n.add(row.n);
    this.#f.add(row.f);
    this.#maybe.add(row.maybe);
    this.#said.add(row.said);
    this.#s.add(row.s);
    this.#floats.add(row.floats);
    this.#words.add(row.words);
    this.#counts.add(row.counts);
    this.#small.add(row.small);
    this.#low.add(row.s);
    this.#at.add(row.at);
  }
}

interface NativeRow {
  id: number;
  n: number;
  f: number;
  maybe: number | null;
  said: string | null;
  s: string;
  floats: ArrayLike<number>;
  words: string[];
  counts: number[];
  small: number[];
  at: number;
}

function nativeRow(id: number, changes: Partial<NativeRow> = {}): NativeRow {
  const empty = { floats: [], words: [], counts: [], small: [] };
  return { id, n: 0, f: 0, maybe: null, said: null, s: '', ...empty, at: 0, ...changes };
}

type Read = Record<string, unknown> & { id: number; at: number; f: number; maybe: number | null; floats: Float64Array };

/** As `query` gives a row: it knows no NaN and no infinity, and a time is text. */
function asQueried(row: Read): Read {
  const finite = (value: number | null) => (Number.isFinite(value) ? value : null);
  const floats = Array.from(row.floats, finite);
  const asText: Record<string, unknown> = { f: finite(row.f), maybe: finite(row.maybe), floats, at: sqlTime(row.at) };
  return { ...row, ...asText } as Read;
}

const byId = (a: Read, b: Read): number => a.id - b.id;

/** What insertNative and queryNative do on every implementation; the suite around it opens and closes the store. */
export function nativeConformance(store: () => Store): void {
  describe('insertNative and queryNative', () => {
    let next = 1;
    before(async () => {
      for (const table of ['native_rows', 'json_rows']) await store().command(NATIVE_TABLE(table));
    });

    const native = (rows: readonly ReturnType<typeof nativeRow>[]) => {
      const block = new ValuesBlock();
      for (const each of rows) block.add(each);
      const taken = block.block.take();
      return taken === null ? [] : [taken];
    };
    const NATIVE = new ValuesBlock().block.names;

    it('stores blocks of the Native format as it stores the same rows of JSON', async () => {
      const number = fc.oneof(
        fc.double(),
        fc.constantFrom(-0, Number.NaN, Number.NEGATIVE_INFINITY, Number.MAX_SAFE_INTEGER, 5e-324),
      );
      const count = fc.oneof(fc.nat(), fc.constantFrom(2 ** 32 - 1, 2 ** 32, Number.MAX_SAFE_INTEGER));
      const text = fc.oneof(
        fc.string({ unit: 'binary', maxLength: 80 }),
        fc.string({ unit: fc.constantFrom('\n', '\0', '\ud800', 'é', '😀', 'a'), minLength: 120, maxLength: 140 }),
      );
      const rows = fc.array(
        fc.record({
          f: number,
          maybe: fc.option(number),
          said: fc.option(text),
          s: text,
          floats: fc.oneof(
            fc.array(number, { maxLength: 5 }),
            fc.float64Array({ maxLength: 5 }).map((a) => a),
          ),
          words: fc.array(text, { maxLength: 3 }),
          counts: fc.array(count, { maxLength: 3 }),
          small: fc.array(fc.nat(), { maxLength: 3 }),
          n: count,
          at: fc.integer({ min: Date.UTC(1900, 0, 1), max: Date.UTC(2299, 11, 31) }),
        }),
        { minLength: 1, maxLength: 6 },
      );
      await fc.assert(
        fc.asyncProperty(fc.array(rows, { minLength: 1, maxLength: 3 }), async (blocks) => {
          const first = next;
          const numbered = blocks.map((block) => block.map((each) => ({ ...each, id: next++ })));
          const all = numbered.flat();
          await store().insertNative('native_rows', NATIVE, numbered.flatMap(native));
          await store().insert(
            'json_rows',
            all.map((each) => ({ ...each, at: sqlTime(each.at), low: each.s })),
          );
          const read = (table: string) =>
            store().query(
              `SELECT *, reinterpretAsUInt64(f) AS bits, arrayMap(x -> reinterpretAsUInt64(x), floats) AS all_bits
             FROM ${table} WHERE id >= {first:UInt64} ORDER BY id`,
              { first },
            );
          const stored = await read('native_rows');
          assert.equal(stored.length, all.length);
          assert.deepEqual(stored, await read('json_rows'));
          const sql = 'SELECT * FROM native_rows WHERE id >= {first:UInt64}';
          const natively = rowsOf<Read>(await store().queryNative(sql, { first }));
          assert.deepEqual(natively.map(asQueried).sort(byId), await store().query(`${sql} ORDER BY id`, { first }));
          assert.deepEqual(
            natively.sort(byId).map(({ f, floats }) => [f, floats]),
            all.map(({ f, floats }) => [f, Float64Array.from(floats)]),
          );
        }),
        { numRuns: 40 },
      );
    });

    it('takes Native blocks in pieces of any size, and no pieces as nothing to do', async () => {
      await store().insertNative('no_such_table', NATIVE, []);
      const id = next++;
      const bytes = Buffer.concat(native([nativeRow(id, { s: 'x'.repeat(200_000) }), nativeRow(id)]));
      const pieces = Array.from({ length: Math.ceil(bytes.length / 300) }, (_, i) =>
        bytes.subarray(i * 300, (i + 1) * 300),
      );
      await store().insertNative('native_rows', NATIVE, pieces);
      const sql =
        'SELECT count() AS n, max(length(s)) AS longest, any(defaulted) AS d FROM native_rows WHERE id = {id:UInt64}';
      assert.deepEqual(await store().query(sql, { id }), [{ n: 2, longest: 200_000, d: 7 }]);
    });

    it('refuses Native blocks that end too early or that it cannot read, whole ones before them too', async () => {
      const id = next++;
      const whole = Buffer.concat(native([nativeRow(id)]));
      const wrong = Buffer.from(whole);
      wrong.write('Nope64', wrong.indexOf('UInt64'));
      for (const end of [
        whole.subarray(0, whole.length - 1),
        whole.subarray(0, 3),
        wrong,
        Buffer.from([255, 255, 3]),
      ]) {
        await assert.rejects(store().insertNative('native_rows', NATIVE, [whole, end]), StoreQueryError);
      }
      await assert.rejects(store().insertNative('native_rows', ['nope'], [whole]), StoreQueryError);
      await assert.rejects(store().insertNative('no_such_table', NATIVE, [whole]), StoreQueryError);
      assert.deepEqual(await store().query('SELECT count() AS n FROM native_rows WHERE id = {id:UInt64}', { id }), [
        { n: 0 },
      ]);
    });

    it('leaves the error of who makes the pieces as it is, and stores nothing', async () => {
      const id = next++;
      const pieces = {
        *[Symbol.iterator]() {
          yield* native([nativeRow(id)]);
          throw new RangeError('no such time');
        },
      };
      await assert.rejects(store().insertNative('native_rows', NATIVE, pieces), RangeError);
      assert.deepEqual(await store().query('SELECT count() AS n FROM native_rows WHERE id = {id:UInt64}', { id }), [
        { n: 0 },
      ]);
      await store().insertNative('native_rows', NATIVE, native([nativeRow(id)]));
    });

    it('reads many blocks, no rows, and says which statement is refused', async () => {
      const sql =
        "SELECT number, toLowCardinality(toString(number % 7)) AS low, ['', low] AS both FROM numbers({n:UInt64})";
      const rows = rowsOf<{ number: number }>(await store().queryNative(sql, { n: 150_000 }));
      const expected = Array.from({ length: 150_000 }, (_, number) => {
        const low = String(number % 7);
        return { number, low, both: ['', low] };
      });
      assert.deepEqual(
        rows.sort((a, b) => a.number - b.number),
        expected,
      );
      assert.deepEqual(await store().queryNative(sql, { n: 0 }), []);
      const signed = 'SELECT toInt64(-9007199254740991) AS a, toInt32(-2) AS b, toUInt16(65535) AS c, -1.5 AS d';
      const values = { a: -9_007_199_254_740_991, b: -2, c: 65_535, d: -1.5 };
      assert.deepEqual(rowsOf(await store().queryNative(signed)), [values]);
      await assert.rejects(store().queryNative('SELECT no_such_column FROM native_rows'), StoreQueryError);
      await assert.rejects(store().queryNative(sql), StoreQueryError);
      await assert.rejects(store().queryNative("SELECT map('a', 1) AS m"), /type Map\(String, UInt8\)/);
    });

    it('inserts Native blocks and rows side by side', async () => {
      const ids = Array.from({ length: 24 }, () => next++);
      await Promise.all(
        ids.map((id, i) =>
          i % 2 === 0
            ? store().insertNative('native_rows', NATIVE, native([nativeRow(id, { s: `s${id}` })]))
            : store().insert('native_rows', [{ id, s: `s${id}` }]),
        ),
      );
      const sql = 'SELECT id, s FROM native_rows WHERE id >= {first:UInt64} ORDER BY id';
      assert.deepEqual(
        await store().query(sql, { first: ids[0] }),
        ids.map((id) => ({ id, s: `s${id}` })),
      );
    });
  });
}

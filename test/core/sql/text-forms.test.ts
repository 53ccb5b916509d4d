import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { encodeRows } from '../../../lib/core/sql/json-rows.ts';
import { formatParam, placeholders, quoteIdentifier, quoteString, setParams } from '../../../lib/core/sql/params.ts';

describe('text forms of values', () => {
  it('quotes so that no text ends its own quotes', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('\\', "'", '`', 'a') }), (text) => {
        for (const quoted of [quoteString(text), quoteIdentifier(text)]) {
          const mark = quoted[0] as string;
          const inner = quoted.slice(1, -1);
          assert.equal(inner.replace(/\\[\s\S]/g, '').includes(mark), false, quoted);
          assert.equal(inner.replace(/\\([\s\S])/g, '$1'), text);
        }
      }),
    );
  });

  it('writes parameters in escaped text', () => {
    for (const [value, text] of [
      [null, '\\N'],
      ["a\t\n\\'", "a\\t\\n\\\\\\'"],
      [true, '1'],
      [-0, '-0'],
      [Number.NaN, 'nan'],
      [Number.NEGATIVE_INFINITY, '-inf'],
      [2n ** 64n, '18446744073709551616'],
      [['a\\', null, 1, [true]], "['a\\\\',NULL,1,[true]]"],
      [Float64Array.of(0.5, 1), '[0.5,1]'],
      [{ a: 1, "b'": 'x' }, "{'a':1,'b\\'':'x'}"],
      [new Date(1500), '1.500'],
    ] as const) {
      assert.equal(formatParam(value), text);
    }
    assert.throws(() => formatParam(Symbol('x')), TypeError);
  });

  it('finds placeholders outside of quotes and comments only', () => {
    const sql =
      "SELECT {a:String}, { b : Array(UInt8)}, '{c:Int8}', `{d:Int8}`, '\\'{e:Int8}' -- {f:Int8}\n /* {g:Int8} */ + {h:Int8}";
    assert.deepEqual(placeholders(sql), ['a', 'b', 'h']);
  });

  it('refuses a statement whose parameter is not given, and a name that is none', () => {
    assert.throws(() => setParams('SELECT {a:String}', { b: 1 }), /`a` is not set/);
    assert.throws(() => setParams('SELECT 1', { 'a = 1; DROP': 1 }), RangeError);
    assert.equal(setParams('SELECT 1', {}), '');
    assert.equal(setParams('SELECT {a:String}', { a: "x'" }), "SET param_a = 'x\\\\\\''; ");
  });

  it('writes rows that JSON readers read, but for the numbers that JSON has not', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (row) => {
        const plain = JSON.parse(JSON.stringify(row)) as Record<string, unknown>;
        assert.deepEqual(JSON.parse(encodeRows([plain])), plain);
      }),
    );
    const special = {
      a: Number.NaN,
      b: -0,
      c: [Number.POSITIVE_INFINITY],
      d: 5n,
      e: undefined,
      f: Float64Array.of(-0),
      g: new Date(1),
    };
    assert.equal(
      encodeRows([special, {}]),
      '{"a":"nan","b":-0.0,"c":["inf"],"d":5,"f":[-0.0],"g":"1970-01-01 00:00:00.001"}\n{}\n',
    );
    assert.throws(() => encodeRows([{ a: () => 1 }]), /cannot hold a function/);
  });
});

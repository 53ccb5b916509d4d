import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { findData } from '../../../services/sql/insert.ts';

/** What may stand between two words of a statement, words of statements among it. */
const gap = fc.constantFrom(' ', '\n', '\t ', ' /* FORMAT CSV */ ', ' -- VALUES (1)\n', " /* it's */ ");
const name = fc.constantFrom(
  't',
  '`format`',
  '"VALUES x"',
  '`a``b`',
  'driftline.t',
  'db . `select`',
  'settings_1',
  'format',
);
const columns = fc.constantFrom('', '(a, b)', '(`FORMAT`, "values", `se\\`lect`)', '(format, values)');
const settings = fc.constantFrom('', "SETTINGS a = 'FORMAT CSV', b = 1", "SETTINGS a = 'it''s \\' VALUES'");
const data = fc.oneof(
  fc.string({
    unit: fc.constantFrom('\n', ' ', ';', "'", '"', '`', '(', '/*', '--', 'FORMAT CSV', 'SELECT', 'x', '\xff'),
    maxLength: 12,
  }),
  fc.string({ unit: 'binary-ascii', maxLength: 12 }),
);

describe('the statement of an INSERT and its data', () => {
  it('are told apart, whatever names, comments, strings and data say', () => {
    fc.assert(
      fc.property(
        gap,
        name,
        columns,
        settings,
        data,
        fc.constantFrom('JSONEachRow', 'RowBinary', 'CSV'),
        (g, t, c, s, rows, format) => {
          const head = `${g}INSERT${g}INTO${g}${t}${g}${c}${g}`;
          const text = `${head}${s}${g}FORMAT ${format}\n${rows}`;
          const found = findData(text);
          assert.ok(found !== null, text);
          assert.equal(text.slice(found.dataAt), rows);
          assert.equal(found.format, format);
          assert.equal(
            found.fromFile('/f', 'lz4').replace(/\s+/g, ' '),
            `${s === '' ? head + g : head} FROM INFILE '/f' COMPRESSION 'lz4' ${s === '' ? '' : s + g} FORMAT ${format}`.replace(
              /\s+/g,
              ' ',
            ),
          );
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it('of VALUES begin right behind that word', () => {
    fc.assert(
      fc.property(gap, name, columns, data, (g, t, c, rows) => {
        const text = `INSERT INTO${g}${t}${g}${c}${g}VALUES (${rows}`;
        const found = findData(text);
        assert.equal(found?.format, 'Values');
        assert.equal(text.slice(found!.dataAt), ` (${rows}`);
      }),
    );
  });

  it('are none where the statement has them elsewhere', () => {
    for (const text of [
      'INSERT INTO t SELECT 1, 2',
      'INSERT INTO t (a) SELECT a FROM u FORMAT CSV',
      'INSERT INTO t (SELECT 1)',
      'INSERT INTO t WITH x AS (SELECT 1) SELECT * FROM x',
      "INSERT INTO t FROM INFILE '/f' FORMAT CSV",
      'INSERT INTO t',
      'INSERT INTO t (a, b)',
    ]) {
      assert.equal(findData(text), null, text);
    }
    assert.throws(() => findData("INSERT INTO t SELECT * FROM input('a Int8') FORMAT CSV\n1"), /input\(\)/);
    assert.equal(findData("INSERT INTO t SELECT 'input(' AS s, format('{}', 1) FROM u"), null);
  });
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readCell, readTimestamp } from '../../../lib/core/references/cells.ts';

test('a cell is missing, a boolean, a number or a text', () => {
  const cases: [string, unknown][] = [
    ['', null],
    ['NaN', null],
    ['None', null],
    ['True', true],
    ['false', false],
    ['12', 12],
    ['-1.5e3', -1500],
    ['.5', 0.5],
    ['10%', '10%'],
    ['0 - 20K €', '0 - 20K €'],
    ['1,000', '1,000'],
    ['0x10', '0x10'],
    ['Infinity', 'Infinity'],
    [' 1', ' 1'],
  ];
  for (const [text, expected] of cases) assert.equal(readCell(text), expected, JSON.stringify(text));
});

test('the same outcome written as an integer or as a float is the same cell', () => {
  assert.equal(readCell('1.0'), readCell('1'));
});

test('timestamps: epoch seconds, epoch ms, ISO with and without a zone; anything else is none', () => {
  const expected = Date.UTC(2018, 9, 30, 18);
  for (const text of [
    '2018-10-30 18:00:00.000',
    '2018-10-30T18:00:00Z',
    '2018-10-30T20:00:00+02:00',
    '1540922400',
    '1540922400000',
  ]) {
    assert.equal(readTimestamp(text), expected, text);
  }
  assert.equal(readTimestamp('2018-10-30'), Date.UTC(2018, 9, 30));
  for (const text of ['', 'yesterday', 'true']) assert.equal(readTimestamp(text), null, text);
});

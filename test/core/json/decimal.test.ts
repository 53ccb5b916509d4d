import assert from 'node:assert/strict';
import { test } from 'node:test';
import { JsonScanner, SLOT } from '../../../lib/core/json/scanner.ts';
import { Random } from './random.ts';

const COUNT = Number(process.env.DRIFTLINE_FUZZ ?? 400_000);
const bytes = (text: string) => Buffer.from(text);

function scannerOfNumbers(): (text: string) => number | null {
  const scanner = new JsonScanner<true>();
  scanner.teach([bytes('['), bytes(']')], true);
  return (text) => {
    if (scanner.scan(bytes(`[${text}]`)) === null) return null;
    assert.equal(scanner.kinds[0], SLOT.number);
    return scanner.numbers[0]!;
  };
}

/** A number as JSON.parse reads it, or null where it refuses. */
function oracle(text: string): number | null {
  try {
    return (JSON.parse(`[${text}]`) as number[])[0]!;
  } catch {
    return null;
  }
}

function check(read: (text: string) => number | null, text: string): void {
  const got = read(text);
  const expected = oracle(text);
  assert.ok(Object.is(got, expected), `${text}: ${got}, JSON.parse has ${expected}`);
}

test('every number is the double that JSON.parse makes of it', () => {
  const read = scannerOfNumbers();
  const random = new Random(1);
  for (let i = 0; i < COUNT; i++) check(read, random.decimal());
});

test('doubles as JavaScript prints them', () => {
  const read = scannerOfNumbers();
  const random = new Random(2);
  for (let i = 0; i < COUNT; i++) {
    check(read, String(random.fraction()));
    check(read, String((random.fraction() - 0.5) * 10 ** random.below(12)));
    check(read, (random.fraction() * 10 ** random.below(9)).toFixed(random.below(17)));
  }
});

test('halfway cases, and numbers next to them', () => {
  const read = scannerOfNumbers();
  const random = new Random(3);
  for (let i = 0; i < COUNT / 20; i++) {
    // The middle between a double of 17 or 18 digits and its neighbour, in decimal.
    const value = (random.below(2 ** 30) * 2 ** 23 + random.below(2 ** 23)) * 2 ** random.below(7);
    for (const off of [-1n, 0n, 1n]) {
      const digits = String(BigInt(value) + (BigInt(value) >> 53n) + off);
      check(read, digits);
      if (digits.length > 6) check(read, `${digits.slice(0, 4)}.${digits.slice(4)}`);
    }
  }
});

test('what is no JSON number is refused, whatever else it looks like', () => {
  const read = scannerOfNumbers();
  const hostile =
    '01 -01 00 1. .5 -.5 +1 1e 1e+ 1e- 1.e5 - -- --1 1-2 1.2.3 1..2 1e5.5 1e5e5 0x10 1_000 Infinity NaN -Infinity ١ 1n 0e 1E+';
  for (const text of hostile.split(' ')) check(read, text);
  for (const text of [
    '-0',
    '0',
    '0.0',
    '-0.0',
    '0e5',
    '1e400',
    '-1e400',
    '1e-400',
    '4.9e-324',
    '2.2250738585072011e-308',
  ])
    check(read, text);
  for (const text of ['9007199254740993', '123456789012345678901234567890', `0.${'0'.repeat(400)}1`, '9'.repeat(400)])
    check(read, text);
});

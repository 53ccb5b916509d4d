import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { sortNumbers } from '../../../lib/core/sketch/sort.ts';
import { SHAPES } from './shapes.ts';

function check(values: Float64Array, what: string): void {
  const expected = values.slice().sort();
  assert.deepEqual(sortNumbers(values.slice(), new Float64Array(values.length)), expected, what);
}

describe('sortNumbers', () => {
  it('sorts every shape as the engine does, whether radix, mending or falling back', () => {
    for (const shape of SHAPES)
      for (const n of [0, 1, 1023, 1024, 8192, 20_000, 70_000]) check(shape.sample(n), `${shape.name}, ${n}`);
  });

  it('sorts anything finite', () => {
    const number = fc.double({ noNaN: true, noDefaultInfinity: true }).map((v) => v + 0);
    const values = fc.array(number, { minLength: 1024, maxLength: 1500, size: 'max' });
    fc.assert(
      fc.property(values, (xs) => check(Float64Array.from(xs), 'doubles')),
      { numRuns: 30 },
    );
  });

  it('sorts values that share their high 32 bits', () => {
    check(
      Float64Array.from({ length: 5000 }, (_, i) => 1 + ((i * 7919) % 5003) * Number.EPSILON),
      'one word',
    );
  });

  it('sorts values that share them in crowds, at any depth of splitting', () => {
    const crowds = (i: number) =>
      1 + (i % 2 === 0 ? i * Number.EPSILON : ((i * 7919) % 5003) * 2 ** -12 * Number.EPSILON);
    const depths = (i: number) => 1e9 + (i % 7 === 0 ? 1 : 2 ** -((i * 31) % 26)) * (((i * 7919) % 5003) / 5003);
    const denormal = (i: number) => ((i * 7919) % 5003) * Number.MIN_VALUE;
    const wide = (i: number) => (i % 2 === 0 ? -1 : 1) * (Number.MAX_VALUE - ((i * 7919) % 5003) * 2 ** 971);
    for (const make of [crowds, depths, denormal, wide]) {
      for (const n of [1024, 8192, 40_000])
        check(
          Float64Array.from({ length: n }, (_, i) => make(i)),
          `${make}, ${n}`,
        );
    }
  });
});

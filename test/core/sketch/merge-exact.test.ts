import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { mergeNumeric, sketchNumeric } from '../../../lib/core/sketch/numeric.ts';
import { generator } from '../../support/generator.ts';
import { normal } from './shapes.ts';

const TOLERANCE = 0.0001;
const sketch = (values: ArrayLike<number>) =>
  sketchNumeric(Float64Array.from(Array.from(values)), values.length, TOLERANCE);
const knots = ({ n, min, max, values, below, atOrBelow }: ReturnType<typeof sketch>) => ({
  ...{ n, min, max, values, below, atOrBelow },
});

test('many exact parts come to the knots of all their values at once, in whatever order', () => {
  const value = fc.oneof(fc.integer({ min: -20, max: 20 }), fc.double({ noNaN: true, noDefaultInfinity: true }));
  const parts = fc.array(fc.array(value, { maxLength: 30 }), { minLength: 5, maxLength: 40 });
  fc.assert(
    fc.property(parts, (shares) => {
      const merged = mergeNumeric(shares.map(sketch), TOLERANCE);
      assert.deepEqual(knots(merged), knots(sketch(shares.flat())));
      const other = mergeNumeric(shares.toReversed().map(sketch), TOLERANCE);
      assert.deepEqual(knots(other), knots(merged));
    }),
  );
});

test('an hour of minutes whose values do not fit as they are is compressed as all of them would be', () => {
  const random = generator(7);
  const draw = (i: number) => (i % 3 === 0 ? Math.round(4 * normal(random)) : normal(random));
  const minutes = Array.from({ length: 60 }, () => Array.from({ length: 1_000 }, (_, i) => draw(i)));
  const merged = mergeNumeric(minutes.map(sketch), TOLERANCE);
  assert.deepEqual(knots(merged), knots(sketch(minutes.flat())));
});

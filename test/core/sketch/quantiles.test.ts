import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { emptyNumeric, sketchNumeric } from '../../../lib/core/sketch/numeric.ts';
import { quantile, quantileOfSorted } from '../../../lib/core/sketch/quantiles.ts';
import { SHAPES } from './shapes.ts';

const sketch = (values: readonly number[]) => sketchNumeric(Float64Array.from(values), values.length);

describe('quantile', () => {
  it('follows numpy’s linear rule to the last bit', () => {
    const sorted = Float64Array.of(1, 2, 4, 8, 16);
    // np.quantile([1, 2, 4, 8, 16], [0, .1, .25, .3, .5, .9, 1])
    const expected = [1, 1.4, 2, 2.4, 4, 12.8, 16];
    assert.deepEqual(
      [0, 0.1, 0.25, 0.3, 0.5, 0.9, 1].map((q) => quantileOfSorted(sorted, q)),
      expected,
    );
  });

  it('of an exact sketch is that of the values', () => {
    const values = fc.array(fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e9, max: 1e9 }), { minLength: 1 });
    fc.assert(
      fc.property(values, fc.double({ min: 0, max: 1, noNaN: true }), (xs, q) => {
        const sorted = Float64Array.from(xs, (x) => x + 0).sort();
        assert.equal(quantile(sketch(xs), q), quantileOfSorted(sorted, q));
      }),
    );
  });

  it('of a compressed sketch has nearly the rank asked for', () => {
    for (const shape of SHAPES) {
      const values = shape.sample(20_000);
      const sorted = values.slice().sort();
      const d = sketchNumeric(values, values.length);
      for (const q of [0.001, 0.01, 0.25, 0.5, 0.9, 0.99, 0.999]) {
        const x = quantile(d, q);
        const low = sorted.findIndex((v) => v >= x) / values.length;
        const high = (sorted.findLastIndex((v) => v <= x) + 1) / values.length;
        assert.ok(low - 0.001 <= q && q <= high + 0.001, `${shape.name}, q ${q}: ranks ${low} to ${high}`);
      }
    }
  });

  it('has no answer for no values', () => {
    assert.ok(Number.isNaN(quantile(emptyNumeric(), 0.5)));
  });
});

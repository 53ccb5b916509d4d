import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { sketchNumeric } from '../../../lib/core/sketch/numeric.ts';
import { ks, ksDistance } from '../../../lib/core/statistics/ks.ts';
import { generator } from '../../support/generator.ts';
import { exactKs, sealed } from '../sketch/exact.ts';
import { normal, SHAPES } from '../sketch/shapes.ts';
import { gridOf, numericBaseline, numericSketch, score, times } from './samples.ts';

const values = fc.array(
  fc.oneof(fc.integer({ min: -3, max: 3 }), fc.double({ noNaN: true, noDefaultInfinity: true })),
  {
    minLength: 1,
    maxLength: 60,
  },
);
const sketch = (xs: readonly number[]) => sketchNumeric(Float64Array.from(xs), xs.length);

describe('ks/two-sample@1', () => {
  it('is the exact D, symmetric, 0 to 1', () => {
    fc.assert(
      fc.property(values, values, (a, b) => {
        const d = ksDistance(sketch(a), sketch(b));
        assert.equal(d, ksDistance(sketch(b), sketch(a)));
        assert.ok(Math.abs(d - exactKs(Float64Array.from(a), Float64Array.from(b))) < 1e-12);
      }),
    );
    assert.equal(ksDistance(sketch([1, 1]), sketch([2])), 1);
    assert.equal(ksDistance(sketch([5]), sketch([5, 5])), 0);
  });

  it('counts ties and atoms exactly, on both sides', () => {
    const zeroInflated = SHAPES.find((shape) => shape.name === 'zero-inflated')!.sample(20_000);
    const shifted = zeroInflated.map((v, i) => (v === 0 && i % 10 === 0 ? 1e-9 : v));
    const d = ksDistance(sealed(zeroInflated, 4), sealed(shifted, 4));
    assert.ok(Math.abs(d - exactKs(zeroInflated, shifted)) < 0.0005, `${d}`);
  });

  it('is within 0.001 of the exact D for compressed sketches of every shape', () => {
    for (const shape of SHAPES) {
      const a = shape.sample(30_000);
      const b = shape.sample(8_000).map((v, i) => (i % 4 === 0 ? v + Math.abs(v) / 3 : v));
      const d = ksDistance(sealed(a, 1), sealed(b, 4));
      assert.ok(Math.abs(d - exactKs(a, b)) <= 0.001, `${shape.name}: ${d}, exact ${exactKs(a, b)}`);
    }
  });

  it('reads finite values alone, and says how many', () => {
    const baseline = numericBaseline([1, 2, 3, 4]);
    const result = score(ks.compute(baseline, numericSketch([1, 2, 3, 4, null, Number.NaN, Infinity, 'x'])));
    assert.deepEqual([result.score, result.nCurrent, result.nBaseline], [0, 4, 4]);
  });

  it('has uniform p-values without drift', () => {
    const random = generator(5);
    const draw = (n: number) => Array.from({ length: n }, () => normal(random));
    const baseline = numericBaseline(draw(50_000));
    const ps = Array.from({ length: 200 }, () => score(ks.compute(baseline, numericSketch(draw(2_000)))).pValue!);
    assert.ok(ps.filter((p) => p < 0.05).length < 25 && ps.filter((p) => p < 0.5).length > 60);
  });

  it('from a grid never exceeds D, nor misses more of it than a cell holds', () => {
    const random = generator(6);
    const reference = Array.from({ length: 20_000 }, () => normal(random));
    const baseline = numericBaseline(reference);
    for (const shift of [0, 0.05, 0.5, 3]) {
      const current = Array.from({ length: 6_000 }, () => normal(random) + shift);
      const full = score(ks.compute(baseline, numericSketch(current))).score;
      const grid = score(ks.computeOnGrid!.compute(baseline, gridOf(baseline.grid, current))).score;
      assert.ok(grid <= full + 0.001 && grid >= full - 1 / 60, `shift ${shift}: ${grid}, full ${full}`);
    }
    const outside = score(ks.computeOnGrid!.compute(baseline, gridOf(baseline.grid, times(100, 99))));
    assert.equal(outside.score, 1);
  });

  it('applies to numbers', () => {
    assert.ok(ks.appliesTo(numericBaseline([1])));
    assert.ok(
      !ks.appliesTo({
        ...numericBaseline([1]),
        sketch: { ...numericSketch([]), kind: 'boolean', categorical: { n: 0, values: [], counts: [], other: 0 } },
      }),
    );
  });
});

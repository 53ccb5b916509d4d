import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  BASELINE_TOLERANCE,
  cdfAtOrBelow,
  cdfBelow,
  emptyNumeric,
  FOLD_TOLERANCE,
  isExact,
  mergeNumeric,
  sketchFinite,
  sketchNumeric,
  standardDeviation,
} from '../../../lib/core/sketch/numeric.ts';
import type { NumericDistribution } from '../../../lib/core/sketch/types.ts';
import { generator } from '../../support/generator.ts';
import { errorOf, exactKs, sealed } from './exact.ts';
import { SHAPES } from './shapes.ts';

const sketch = (...values: number[]) => sketchNumeric(Float64Array.from(values), values.length);
const finite = fc.double({ noNaN: true, noDefaultInfinity: true });
const sample = fc.array(finite, { maxLength: 60 }).map((values) => Float64Array.from(values));

function shuffled(values: Float64Array, seed: number): Float64Array {
  const random = generator(seed);
  const out = values.slice();
  for (let i = out.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [out[i], out[j]] = [out[j]!, out[i]!];
  }
  return out;
}

function assertWellFormed(d: NumericDistribution): void {
  assert.equal(d.atOrBelow.at(-1) ?? 0, d.n);
  assert.equal(d.below[0] ?? 0, 0);
  assert.equal(d.values[0] ?? 0, d.min);
  assert.equal(d.values.at(-1) ?? 0, d.max);
  for (let i = 0; i < d.values.length; i++) {
    assert.ok(d.below[i]! <= d.atOrBelow[i]!);
    if (i > 0) assert.ok(d.values[i]! > d.values[i - 1]! && d.below[i]! >= d.atOrBelow[i - 1]!);
  }
  assert.ok(Number.isFinite(d.mean) && Number.isFinite(d.m2) && d.m2 >= 0);
}

describe('sketchNumeric', () => {
  it('is exact, ties included, up to 1,024 distinct values', () => {
    fc.assert(
      fc.property(sample, (values) => {
        const d = sketchNumeric(values, values.length);
        assertWellFormed(d);
        assert.ok(isExact(d));
        for (const x of values) {
          assert.equal(cdfBelow(d, x), values.filter((v) => v < x).length);
          assert.equal(cdfAtOrBelow(d, x), values.filter((v) => v <= x).length);
        }
      }),
    );
    const distinct = Float64Array.from({ length: 4096 }, (_, i) => i % 1024);
    assert.ok(isExact(sketchNumeric(distinct, distinct.length)));
    const more = Float64Array.from({ length: 4096 }, (_, i) => i);
    assert.ok(!isExact(sketchNumeric(more, more.length)));
  });

  it('leaves out NaN and infinities, takes −0 for 0, and reads no further than length', () => {
    const d = sketch(-0, 0, Number.NaN, Infinity, -Infinity, 3);
    assert.deepEqual([d.n, d.min, d.max, [...d.values]], [3, 0, 3, [0, 3]]);
    assert.ok(Object.is(d.values[0], 0));
    assert.equal(sketchNumeric(Float64Array.of(1, 2, 3), 2).n, 2);
  });

  it('does not change its input', () => {
    const values = Float64Array.of(3, -0, Number.NaN, 1);
    const before = values.slice();
    sketchNumeric(values, values.length);
    assert.deepEqual(values, before);
  });

  it('gives the same bytes for the same values in any order', () => {
    for (const shape of SHAPES) {
      const values = shape.sample(3000);
      const a = sketchNumeric(values, values.length);
      assert.deepEqual(sketchNumeric(shuffled(values, 7), values.length), a, shape.name);
      assert.deepEqual(sketchNumeric(values.slice().sort(), values.length), a, shape.name);
    }
  });

  it('keeps moments that an offset does not ruin', () => {
    const d = sketch(1e12 + 1, 1e12 + 2, 1e12 + 3);
    assert.deepEqual([d.mean, d.m2, standardDeviation(d)], [1e12 + 2, 2, 1]);
    assert.deepEqual([standardDeviation(sketch(5)), standardDeviation(emptyNumeric())], [0, 0]);
  });

  it('saturates where doubles end, and never says NaN', () => {
    const d = sketch(-Number.MAX_VALUE, 0, Number.MAX_VALUE, Number.MIN_VALUE);
    assertWellFormed(d);
    assertWellFormed(mergeNumeric([d, sketch(Number.MAX_VALUE), sketch(-Number.MAX_VALUE)]));
    assertWellFormed(emptyNumeric());
  });
});

describe('the KS bound', () => {
  for (const shape of SHAPES) {
    it(`of sealed sketches is 0.001 from n = 5,000: ${shape.name}`, () => {
      for (const n of [5_000, 20_000, 66_000]) {
        const values = shape.sample(n);
        for (const chunks of [1, 4, 32]) {
          const error = errorOf(sealed(values, chunks), values);
          assert.ok(error <= 0.001, `n ${n} in ${chunks} chunks: ${error}`);
        }
      }
    });
  }

  it('holds for what was folded in its chunks, merged there and merged again', () => {
    const chunk = (values: Float64Array) =>
      mergeNumeric(
        Array.from({ length: 8 }, (_, i) => sketchFinite(values.slice(i * 8192, (i + 1) * 8192), FOLD_TOLERANCE)),
      );
    for (const shape of SHAPES) {
      const values = shape.sample(4 * 65_536).map((v) => v + 0);
      const chunks = [0, 1, 2, 3].map((i) => chunk(values.subarray(i * 65_536, (i + 1) * 65_536)));
      const error = errorOf(mergeNumeric(chunks), values);
      assert.ok(error <= 0.001, `${shape.name}: ${error}`);
    }
  });

  it('holds for the KS distance to a baseline too', () => {
    for (const shape of SHAPES.filter((s) => s.name !== 'constant')) {
      const reference = shape.sample(20_000);
      const current = shape.sample(6_000).map((v, i) => (i % 3 === 0 ? v * 1.1 : v));
      const baseline = sketchNumeric(reference, reference.length, BASELINE_TOLERANCE);
      const seen = sealed(current, 4);
      const knots = [...baseline.values, ...seen.values];
      const d = Math.max(
        ...knots.map((x) => Math.abs(cdfAtOrBelow(seen, x) / seen.n - cdfAtOrBelow(baseline, x) / baseline.n)),
        ...knots.map((x) => Math.abs(cdfBelow(seen, x) / seen.n - cdfBelow(baseline, x) / baseline.n)),
      );
      assert.ok(Math.abs(d - exactKs(reference, current)) <= 0.001, `${shape.name}: ${d}`);
    }
  });

  it('is bounded in memory whatever comes', () => {
    for (const shape of SHAPES) assert.ok(sealed(shape.sample(100_000), 8).values.length <= 4096, shape.name);
  });
});

describe('mergeNumeric', () => {
  it('is exact while the parts are and their values fit', () => {
    fc.assert(
      fc.property(fc.array(sample, { minLength: 1, maxLength: 6 }), (parts) => {
        const merged = mergeNumeric(parts.map((p) => sketchNumeric(p, p.length)));
        const all = Float64Array.from(parts.flatMap((p) => [...p]));
        const whole = sketchNumeric(all, all.length);
        assert.deepEqual(
          { ...merged, mean: 0, m2: 0 },
          { ...whole, mean: 0, m2: 0 },
          'the sketch of the parts is the sketch of the whole',
        );
        assertWellFormed(merged);
      }),
    );
  });

  it('gives the same bytes for the parts in any order', () => {
    for (const shape of SHAPES) {
      const values = shape.sample(12_000);
      const parts = [0, 1, 2, 3].map((i) => sketchNumeric(values.subarray(i * 3000), 3000));
      const merged = mergeNumeric(parts);
      assert.deepEqual(mergeNumeric([parts[2]!, parts[0]!, parts[3]!, parts[1]!]), merged, shape.name);
      assertWellFormed(merged);
    }
  });

  it('is associative within one tolerance a level, with exact counts and ends', () => {
    for (const shape of SHAPES) {
      const values = shape.sample(15_000);
      const [a, b, c] = [0, 1, 2].map((i) => sketchNumeric(values.subarray(i * 5000), 5000));
      const flat = mergeNumeric([a!, b!, c!]);
      const nested = mergeNumeric([mergeNumeric([a!, b!]), c!]);
      assert.deepEqual([nested.n, nested.min, nested.max], [flat.n, flat.min, flat.max]);
      for (const x of flat.values) {
        const apart = Math.abs(cdfAtOrBelow(flat, x) - cdfAtOrBelow(nested, x)) / flat.n;
        assert.ok(apart <= 0.0012, `${shape.name} at ${x}: ${apart}`);
      }
    }
  });

  it('merges moments as if they had been one sample', () => {
    for (const shape of SHAPES.filter((s) => !s.name.includes('1e300'))) {
      const values = shape.sample(4000);
      const whole = sketchNumeric(values, values.length);
      const merged = sealed(values, 5);
      const scale = Math.max(Math.abs(whole.mean), standardDeviation(whole));
      assert.ok(Math.abs(merged.mean - whole.mean) <= 1e-12 * scale, shape.name);
      assert.ok(Math.abs(merged.m2 - whole.m2) <= 1e-9 * whole.m2, shape.name);
    }
  });

  it('takes nothing for nothing, and one part for itself', () => {
    assert.deepEqual(mergeNumeric([]), emptyNumeric());
    assert.deepEqual(mergeNumeric([emptyNumeric(), emptyNumeric()]), emptyNumeric());
    const one = sketch(1, 2, 2);
    assert.deepEqual(mergeNumeric([emptyNumeric(), one]), one);
  });
});

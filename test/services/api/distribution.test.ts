import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { categoricalFromCounts } from '../../../lib/core/sketch/categorical.ts';
import { sketchNumeric } from '../../../lib/core/sketch/numeric.ts';
import type { NumericDistribution } from '../../../lib/core/sketch/types.ts';
import { categoryShares, compareDistributions, numericBins } from '../../../services/api/distribution.ts';

const sketch = (values: readonly number[]): NumericDistribution =>
  sketchNumeric(Float64Array.from(values), values.length);
const total = (bins: ReturnType<typeof numericBins>, side: 'reference' | 'current'): number =>
  bins.reduce((sum, bin) => sum + bin[side]!, 0);

test('whatever the values, bins ascend without a gap and each side adds up to 1', () => {
  const values = fc.array(fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e12, max: 1e12 }), {
    minLength: 1,
    maxLength: 300,
  });
  fc.assert(
    fc.property(values, values, (a, b) => {
      const bins = numericBins(sketch(a), sketch(b));
      assert.ok(bins.length >= 1 && bins.length <= 33);
      for (const [i, bin] of bins.entries()) {
        assert.ok(bin.low < bin.high, `${bin.low} < ${bin.high}`);
        if (i > 0) assert.equal(bin.low, bins[i - 1]!.high);
      }
      for (const side of ['reference', 'current'] as const) assert.ok(Math.abs(total(bins, side) - 1) < 1e-9);
    }),
    // Neighbouring doubles, and constants whose half-unit is below their precision, have no room for bins between them.
    {
      numRuns: 200,
      examples: [
        [[999999999999.9988, 999999999999.9987, 0], [0]],
        [[1e12], [1e12]],
        [[1e12, 1e12 + 0.0001], [1e12]],
      ],
    },
  );
});

test('few distinct values get a bin each, with exact shares', () => {
  const bins = numericBins(sketch([0, 0, 0, 1]), sketch([1, 1, 5, 5]));
  assert.deepEqual(
    bins.map(({ low, high, reference, current }) => [low, high, reference, current]),
    [
      [-0.5, 0.5, 0.75, 0],
      [0.5, 3, 0.25, 0.5],
      [3, 7, 0, 0.5],
    ],
  );
});

test('one far outlier does not squeeze everything into one bin, and is still counted', () => {
  const values = Array.from({ length: 2000 }, (_, i) => i / 2000);
  const bins = numericBins(sketch(values), sketch([...values.slice(1), 1e9]));
  assert.ok(bins.at(-1)!.high < 2);
  assert.ok(Math.abs(total(bins, 'current') - 1) < 1e-9);
});

test('a constant, and one side alone', () => {
  assert.deepEqual(numericBins(sketch([7, 7]), null), [{ low: 6.5, high: 7.5, reference: 1, current: null }]);
  assert.deepEqual(numericBins(null, null), []);
});

test('categories: the greatest first, the rest and the overflow as other', () => {
  const many = new Map(Array.from({ length: 40 }, (_, i) => [`c${String(i).padStart(2, '0')}`, 40 - i]));
  const { categories, other } = categoryShares(
    categoricalFromCounts(many, 180),
    categoricalFromCounts(new Map([['new', 3]])),
  );
  assert.equal(categories.length, 24);
  assert.deepEqual(categories[0], { category: 'new', reference: 0, current: 1 });
  assert.deepEqual(categories[1], { category: 'c00', reference: 40 / 1000, current: 0 });
  const shown = categories.reduce((sum, { reference }) => sum + reference!, 0);
  assert.ok(Math.abs(shown + other.reference! - 1) < 1e-9);
  assert.equal(other.current, 0);
});

test('a window of another kind than its reference is counted, not drawn', () => {
  const counts = { count: 3, missing: 1, nan: 0, infinite: 0, wrongType: 0 };
  const result = compareDistributions(
    { name: 'r', sketch: { ...counts, kind: 'numeric', numeric: sketch([1, 2]) } },
    { name: 'c', sketch: { ...counts, kind: 'categorical', categorical: categoricalFromCounts(new Map([['a', 2]])) } },
  )!;
  assert.equal(result.kind, 'numeric');
  assert.equal(result.current!.n, 2);
  assert.ok(result.bins.every(({ current }) => current === null));
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { categoricalFromCounts } from '../../../lib/core/sketch/categorical.ts';
import { emptySketch, mergeFeatureSketches } from '../../../lib/core/sketch/feature.ts';
import { sketchNumeric } from '../../../lib/core/sketch/numeric.ts';
import type { FeatureSketch } from '../../../lib/core/sketch/types.ts';

const aside = { missing: 1, nan: 2, infinite: 3, wrongType: 4 };

function numeric(...values: number[]): FeatureSketch {
  const d = sketchNumeric(Float64Array.from(values), values.length);
  return { count: values.length + 10, ...aside, kind: 'numeric', numeric: d };
}

function categorical(kind: 'categorical' | 'boolean', counts: Record<string, number>): FeatureSketch {
  const d = categoricalFromCounts(new Map(Object.entries(counts)));
  return { count: d.n + 10, ...aside, kind, categorical: d };
}

describe('mergeFeatureSketches', () => {
  it('adds every count up', () => {
    const merged = mergeFeatureSketches([numeric(1, 2), numeric(3), emptySketch('numeric')]);
    assert.ok(merged.kind === 'numeric');
    const { count, missing, nan, infinite, wrongType } = merged;
    assert.deepEqual([count, missing, nan, infinite, wrongType, merged.numeric.n], [23, 2, 4, 6, 8, 3]);
    const words = mergeFeatureSketches([
      categorical('categorical', { a: 1 }),
      categorical('categorical', { a: 2, b: 1 }),
    ]);
    assert.ok(words.kind === 'categorical');
    assert.deepEqual(
      [words.categorical.values, words.categorical.counts],
      [
        ['a', 'b'],
        [3, 1],
      ],
    );
  });

  it('lets the kind with the most values win and counts the others as of the wrong type', () => {
    const parts = [numeric(1, 2, 3), categorical('categorical', { a: 2 }), categorical('boolean', { true: 1 })];
    const merged = mergeFeatureSketches(parts);
    assert.equal(merged.kind, 'numeric');
    assert.equal(merged.wrongType, 3 * 4 + 3);
    assert.deepEqual(mergeFeatureSketches(parts.toReversed()), merged);
    const other = mergeFeatureSketches([numeric(1), categorical('boolean', { true: 5 })]);
    assert.deepEqual([other.kind, other.wrongType], ['boolean', 9]);
  });

  it('accounts for every event, whatever the kinds', () => {
    const merged = mergeFeatureSketches([numeric(1, 2), categorical('categorical', { a: 2 })]);
    assert.ok(merged.kind === 'numeric');
    const { count, missing, nan, infinite, wrongType } = merged;
    assert.equal(missing + nan + infinite + wrongType + merged.numeric.n, count);
  });

  it('refuses nothing at all', () => {
    assert.throws(() => mergeFeatureSketches([]), /no parts/);
  });
});

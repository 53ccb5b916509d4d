import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { categoricalFromCounts } from '../../lib/core/sketch/categorical.ts';
import { emptySketch } from '../../lib/core/sketch/feature.ts';
import { sketchNumeric } from '../../lib/core/sketch/numeric.ts';
import type { FeatureSketch } from '../../lib/core/sketch/types.ts';
import { gridColumns, gridFromColumns, sketchColumns, sketchFromColumns } from '../../lib/tables/sketch-columns.ts';

const aside = { missing: 1, nan: 2, infinite: 3, wrongType: 4 };

function numeric(values: readonly number[]): FeatureSketch {
  const d = sketchNumeric(Float64Array.from(values), values.length);
  return { count: values.length + 10, ...aside, kind: 'numeric', numeric: d };
}

describe('sketch columns', () => {
  it('come back bit for bit, through JSON, exact or compressed, empty or not', () => {
    const categorical = categoricalFromCounts(
      new Map([
        ['a', 2],
        ['', 1],
      ]),
      7,
    );
    const sketches: FeatureSketch[] = [
      numeric([]),
      numeric([5]),
      numeric([0.1, 0.2, 0.2, 1e300]),
      numeric(Array.from({ length: 5000 }, (_, i) => Math.sin(i))),
      { count: 20, ...aside, kind: 'categorical', categorical },
      emptySketch('boolean'),
    ];
    for (const sketch of sketches) {
      const row = sketchColumns(sketch);
      assert.deepEqual(sketchFromColumns(JSON.parse(JSON.stringify(row)) as typeof row), sketch);
    }
  });

  it('leave `below` empty for an exact sketch alone', () => {
    assert.deepEqual(sketchColumns(numeric([1, 2, 2])).below, []);
    const row = sketchColumns(numeric(Array.from({ length: 5000 }, (_, i) => Math.sin(i))));
    assert.equal(row.below.length, row.values.length);
  });

  it('are named as the tables name them', () => {
    const expected =
      'at_or_below,below,categories,category_counts,count,infinite,kind,m2,max,mean,min,missing,n,nan,other,values,wrong_type';
    assert.equal(
      Object.keys(sketchColumns(numeric([1])))
        .sort()
        .join(),
      expected,
    );
  });

  it('refuse a kind that this version does not know', () => {
    const row = { ...sketchColumns(numeric([1])), kind: 'vector' as 'numeric' };
    assert.throws(() => sketchFromColumns(row), /unknown sketch kind "vector"/);
  });
});

describe('grid columns', () => {
  it('come back as they were', () => {
    const counts = { count: 15, ...aside, n: 5, cells: [0, 7], counts: [2, 3] };
    assert.deepEqual(gridFromColumns(gridColumns(counts)), counts);
  });
});

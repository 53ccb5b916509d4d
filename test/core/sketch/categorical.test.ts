import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { CATEGORY_CAP, categoricalFromCounts, mergeCategorical } from '../../../lib/core/sketch/categorical.ts';

const counts = fc
  .array(fc.tuple(fc.string({ maxLength: 3 }), fc.integer({ min: 0, max: 50 })))
  .map((entries) => new Map(entries));
const totalOf = (map: ReadonlyMap<string, number>) => [...map.values()].reduce((a, b) => a + b, 0);

describe('categorical distributions', () => {
  it('are sorted by code unit, whatever the locale or the order seen', () => {
    const d = categoricalFromCounts(
      new Map([
        ['é', 1],
        ['b', 2],
        ['B', 3],
        ['__proto__', 4],
        ['empty', 0],
      ]),
    );
    assert.deepEqual(d, { n: 10, values: ['B', '__proto__', 'b', 'é'], counts: [3, 4, 2, 1], other: 0 });
  });

  it('merge exactly below the cap, in any order and nesting', () => {
    fc.assert(
      fc.property(counts, counts, counts, (x, y, z) => {
        const [a, b, c] = [x, y, z].map((m) => categoricalFromCounts(m));
        const flat = mergeCategorical([a!, b!, c!]);
        assert.deepEqual(mergeCategorical([c!, a!, b!]), flat);
        assert.deepEqual(mergeCategorical([a!, mergeCategorical([b!, c!])]), flat);
        assert.equal(flat.n, totalOf(x) + totalOf(y) + totalOf(z));
      }),
    );
  });

  it('keep the heaviest beyond the cap, ties by code unit, and every total', () => {
    const names = Array.from({ length: CATEGORY_CAP + 500 }, (_, i) => `c${String(i).padStart(5, '0')}`);
    const d = categoricalFromCounts(new Map(names.map((name, i) => [name, i === 1400 ? 9 : 1])), 5);
    assert.equal(d.values.length, CATEGORY_CAP);
    assert.deepEqual([d.values[998], d.values[999], d.counts[999]], ['c00998', 'c01400', 9]);
    assert.deepEqual([d.other, d.n], [505, 1513]);
    const merged = mergeCategorical([d, categoricalFromCounts(new Map([['new', 2]]))]);
    assert.deepEqual([merged.values.length, merged.n, merged.other], [CATEGORY_CAP, 1515, 506]);
    assert.ok(merged.values.includes('new'));
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { GRID_UNKNOWN, mergePeriodColumn, type PeriodColumn } from '../../../lib/core/rollups/merge-period.ts';
import { cdfAtOrBelow, cdfBelow, mergeNumeric, sketchNumeric } from '../../../lib/core/sketch/numeric.ts';
import type { NumericDistribution } from '../../../lib/core/sketch/types.ts';
import { generator } from '../../support/generator.ts';

const WINDOWS = 12;
const HOURS = 6;

/** A value of the shape in a window: some drift over the day, as real ones do. */
const SHAPES: Record<string, (next: () => number, window: number) => number> = {
  uniform: (next) => next(),
  normal: (next, w) => w / 20 + Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next()),
  lognormal: (next) => Math.exp(2 * Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next())),
  pareto: (next) => (1 - next()) ** -2,
  'zero-inflated': (next) => (next() < 0.6 ? 0 : next() * 10),
  integers: (next) => Math.floor(next() * 40),
  'many integers': (next) => Math.floor(next() * 5_000),
  constant: () => 7,
  'two lumps': (next, w) => (w % 2 === 0 ? next() : 1e6 + next()),
  'offset far from zero': (next) => 1.7e12 + next() * 1_000,
};

function numericColumn(numeric: NumericDistribution): PeriodColumn {
  const counts = { count: numeric.n, missing: 0, nan: 0, infinite: 0, wrongType: 0 };
  return {
    ...{ feature: 'x', segment: '', count: numeric.n, errors: 0, kind: 'numeric' },
    ...{ sketch: { ...counts, kind: 'numeric', numeric }, grid: null, gridId: '', note: '' },
  };
}

function merged(parts: readonly PeriodColumn[]): { column: PeriodColumn; numeric: NumericDistribution } {
  const column = mergePeriodColumn(
    parts,
    parts.reduce((sum, { count }) => sum + count, 0),
  );
  assert.ok(column.sketch?.kind === 'numeric');
  return { column, numeric: column.sketch.numeric };
}

function worst(sketch: NumericDistribution, sorted: Float64Array): number {
  let error = 0;
  for (let i = 0; i < sorted.length; ) {
    let next = i;
    while (next < sorted.length && sorted[next] === sorted[i]) next++;
    const value = sorted[i]!;
    error = Math.max(error, Math.abs(cdfBelow(sketch, value) - i), Math.abs(cdfAtOrBelow(sketch, value) - next));
    i = next;
  }
  return error / sorted.length;
}

describe('hours and days of sketches', () => {
  for (const [shape, draw] of Object.entries(SHAPES)) {
    it(`${shape}: within 0.001 of the exact CDF, from minutes of four chunks to the day`, () => {
      const next = generator(shape.length * 7 + 1);
      const all: number[] = [];
      const hours = Array.from({ length: HOURS }, (_, hour) => {
        const own: number[] = [];
        const windows = Array.from({ length: WINDOWS }, (_unused, window) => {
          const chunks = Array.from({ length: 4 }, () => {
            const values = Float64Array.from({ length: 500 }, () => draw(next, hour * WINDOWS + window));
            own.push(...values);
            return sketchNumeric(values, values.length);
          });
          return numericColumn(mergeNumeric(chunks));
        });
        const { column, numeric } = merged(windows);
        assert.deepEqual(merged([...windows].reverse()).column, column, 'in any order');
        assert.ok(worst(numeric, Float64Array.from(own).sort()) <= 0.0009, 'hour');
        all.push(...own);
        return column;
      });
      const { numeric } = merged(hours);
      const exact = Float64Array.from(all).sort();
      assert.ok(worst(numeric, exact) <= 0.001, `day: ${worst(numeric, exact)}`);
      assert.deepEqual([numeric.n, numeric.min, numeric.max], [exact.length, exact[0], exact.at(-1)]);
    });
  }
});

describe('columns of periods', () => {
  const grid = (gridId: string, n = 3): PeriodColumn => {
    const counts = { count: n, missing: 0, nan: 0, infinite: 0, wrongType: 0, n, cells: [2], counts: [n] };
    return {
      feature: 'x',
      segment: 'a=b',
      count: n,
      errors: 1,
      kind: 'numeric',
      sketch: null,
      grid: counts,
      gridId,
      note: '',
    };
  };

  it('count events of windows that did not know the column as missing', () => {
    const column = mergePeriodColumn([numericColumn(sketchNumeric(Float64Array.of(1, 2), 2))], 10);
    assert.deepEqual([column.count, column.sketch!.count, column.sketch!.missing], [10, 10, 8]);
    const overflow = { ...numericColumn(sketchNumeric(Float64Array.of(1), 1)), feature: '__other__' };
    assert.equal(mergePeriodColumn([overflow], 10).count, 1, 'the overflow counts values, not events');
  });

  it('add segments up on one grid alone, and say why not', () => {
    assert.deepEqual(mergePeriodColumn([grid('g'), grid('g')], 6).grid!.counts, [6]);
    assert.equal(mergePeriodColumn([grid('g'), grid('h')], 6).note, 'spec changed');
    assert.equal(mergePeriodColumn([grid(''), grid('')], 6).note, GRID_UNKNOWN);
    assert.deepEqual(mergePeriodColumn([grid('')], 3).grid!.counts, [3], 'a single window needs no comparison');
    const noted = mergePeriodColumn([grid('g'), { ...grid('g'), count: 0, grid: null, note: 'spec changed' }], 6);
    assert.deepEqual([noted.note, noted.count, noted.grid], ['spec changed', 0, null]);
  });
});

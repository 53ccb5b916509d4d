import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { categoricalFromCounts } from '../../../lib/core/sketch/categorical.ts';
import {
  categoricalGrid,
  gridCell,
  gridIndexer,
  gridSize,
  mergeGridCounts,
  numericGrid,
  quantileEdges,
} from '../../../lib/core/sketch/grid.ts';
import { emptyNumeric, sketchNumeric } from '../../../lib/core/sketch/numeric.ts';
import type { GridCounts } from '../../../lib/core/sketch/types.ts';

const gridCounts: fc.Arbitrary<GridCounts> = fc
  .uniqueArray(fc.tuple(fc.nat(20), fc.integer({ min: 1, max: 99 })), { selector: ([cell]) => cell })
  .map((entries) => ({
    ...{ count: 100, missing: 1, nan: 2, infinite: 3, wrongType: 4 },
    cells: entries.map(([cell]) => cell).sort((a, b) => a - b),
    counts: entries.map(([, count]) => count),
    n: entries.reduce((sum, [, count]) => sum + count, 0),
  }));

describe('quantileEdges', () => {
  it('merges ties, and has none for no or one value', () => {
    const edges = quantileEdges(Float64Array.of(0, 0, 0, 0, 0, 0, 0, 0, 1, 5, 9), 10);
    assert.deepEqual(edges, [0, 1, 5]);
    assert.deepEqual(quantileEdges(Float64Array.of(7, 7, 7), 10), [7]);
    assert.deepEqual(quantileEdges(new Float64Array(0), 10), []);
    assert.deepEqual(quantileEdges(emptyNumeric(), 10), []);
  });

  it('of an exact sketch are those of its values', () => {
    const values = Float64Array.from({ length: 900 }, (_, i) => Math.sin(i) * 100).sort();
    assert.deepEqual(quantileEdges(sketchNumeric(values, 900), 10), quantileEdges(values, 10));
  });
});

describe('grids', () => {
  it('contain the PSI’s edges and the baseline’s ends, ascending', () => {
    const values = Float64Array.from({ length: 5000 }, (_, i) => (i * 7919) % 5003).sort();
    const psiEdges = quantileEdges(values, 10);
    const grid = numericGrid(psiEdges, values);
    assert.ok(grid.kind === 'numeric');
    for (const edge of [...psiEdges, values[0]!, values.at(-1)!]) assert.ok(grid.edges.includes(edge));
    assert.deepEqual(
      grid.edges,
      grid.edges.toSorted((a, b) => a - b),
    );
    assert.ok(gridSize(grid) >= 64 && gridSize(grid) <= 100, `${gridSize(grid)} cells`);
  });

  it('put a value into the cell (e[i−1], e[i]]', () => {
    const grid = { kind: 'numeric' as const, edges: [0, 10, 20] };
    assert.deepEqual(
      [-1, 0, 0.1, 10, 20, 20.1].map((x) => gridCell(grid, x)),
      [0, 0, 1, 1, 2, 3],
    );
    const cellOf = gridIndexer(grid);
    const inside = (x: number, cell: number) =>
      (grid.edges[cell - 1] ?? -Infinity) < x && x <= (grid.edges[cell] ?? Infinity);
    // Infinities are counted apart and reach no cell.
    fc.assert(fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (x) => inside(x, cellOf(x))));
  });

  it('put an unknown category, even __proto__, into the last cell', () => {
    const grid = categoricalGrid(
      categoricalFromCounts(
        new Map([
          ['b', 1],
          ['a', 2],
        ]),
      ),
    );
    assert.deepEqual(['a', 'b', 'c', '__proto__'].map(gridIndexer(grid)), [0, 1, 2, 2]);
    const flags = categoricalGrid(
      categoricalFromCounts(
        new Map([
          ['false', 1],
          ['true', 2],
        ]),
      ),
      'boolean',
    );
    assert.deepEqual([false, true].map(gridIndexer(flags)), [0, 1]);
    assert.equal(gridSize(flags), 3);
  });
});

describe('mergeGridCounts', () => {
  it('is exact, in any order and nesting', () => {
    fc.assert(
      fc.property(gridCounts, gridCounts, gridCounts, (a, b, c) => {
        const flat = mergeGridCounts([a, b, c]);
        assert.deepEqual(mergeGridCounts([c, mergeGridCounts([b, a])]), flat);
        assert.equal(
          flat.n,
          flat.counts.reduce((x, y) => x + y, 0),
        );
        assert.deepEqual([flat.n, flat.count, flat.missing], [a.n + b.n + c.n, 300, 3]);
        assert.deepEqual(
          flat.cells,
          flat.cells.toSorted((x, y) => x - y),
        );
      }),
    );
  });
});

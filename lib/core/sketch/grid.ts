import { mergeValueCounts } from './feature.ts';
import { firstAtLeast } from './numeric.ts';
import { quantile, quantileOfSorted } from './quantiles.ts';
import type { CategoricalDistribution, FeatureGrid, FeatureKind, GridCounts, NumericDistribution } from './types.ts';

/** Cells a numeric grid aims at; ties make fewer, the PSI's own edges at most nine more. */
const GRID_CELLS = 80;

/**
 * Inner edges of `bins` equally filled bins: np.quantile(values, [1/bins … (bins−1)/bins]) by the linear rule, ties
 * merged. Give sorted values where they are at hand: exact to the last bit. [] for no observations.
 */
export function quantileEdges(source: NumericDistribution | Float64Array, bins: number): number[] {
  // As np.linspace(1/bins, 1 − 1/bins, bins − 1) rounds, so that published edges agree to the last bit.
  const step = 1 / bins;
  return distinct(Array.from({ length: bins - 1 }, (_, i) => quantileFrom(source, step + i * step)));
}

/**
 * The finer grid on which segments are counted: quantiles of the baseline from its minimum to its maximum, with
 * `psiEdges` among them, so that values outside the baseline's range fall into the two outer cells.
 */
export function numericGrid(
  psiEdges: readonly number[],
  source: NumericDistribution | Float64Array,
  cells = GRID_CELLS,
): FeatureGrid {
  const fine = Array.from({ length: cells + 1 }, (_, i) => quantileFrom(source, i / cells));
  return { kind: 'numeric', edges: distinct([...psiEdges, ...fine]) };
}

/** One cell a category of the baseline, and a last one for any other. */
export function categoricalGrid(
  d: CategoricalDistribution,
  kind: Exclude<FeatureKind, 'numeric'> = 'categorical',
): FeatureGrid {
  return { kind, categories: [...d.values] };
}

/** Cells of a grid: 0 to this, exclusive. */
export function gridSize(grid: FeatureGrid): number {
  return (grid.kind === 'numeric' ? grid.edges.length : grid.categories.length) + 1;
}

/** The cell of a value, by a lookup built once. Numeric: finite numbers; otherwise anything, read as its string. */
export function gridIndexer(grid: FeatureGrid): (value: number | string | boolean) => number {
  if (grid.kind === 'numeric') {
    const edges = Float64Array.from(grid.edges);
    return (value) => firstAtLeast(edges, Number(value));
  }
  const index = new Map(grid.categories.map((category, i) => [category, i]));
  const other = grid.categories.length;
  return (value) => index.get(String(value)) ?? other;
}

/** The cell of one value; for many use `gridIndexer`. */
export function gridCell(grid: FeatureGrid, value: number | string | boolean): number {
  return gridIndexer(grid)(value);
}

/** Sums counts on the same grid; cells ascend, empty ones are left out. Exact, in any order and nesting. */
export function mergeGridCounts(parts: readonly GridCounts[]): GridCounts {
  const sums = new Map<number, number>();
  let n = 0;
  for (const part of parts) {
    n += part.n;
    part.cells.forEach((cell, i) => {
      sums.set(cell, (sums.get(cell) ?? 0) + part.counts[i]!);
    });
  }
  const filled = [...sums].filter(([, count]) => count > 0).sort((a, b) => a[0] - b[0]);
  const counts = mergeValueCounts(parts);
  return { ...counts, n, cells: filled.map(([cell]) => cell), counts: filled.map(([, count]) => count) };
}

function quantileFrom(source: NumericDistribution | Float64Array, q: number): number {
  return source instanceof Float64Array ? quantileOfSorted(source, q) : quantile(source, q);
}

function distinct(values: readonly number[]): number[] {
  const finite = values.filter((v) => Number.isFinite(v));
  return [...new Set(finite)].sort((a, b) => a - b);
}

import type { BaselineColumn } from '../baselines/types.ts';
import { usableValues } from '../sketch/feature.ts';
import { cdfAtOrBelow, firstAtLeast } from '../sketch/numeric.ts';
import type { CategoricalDistribution, FeatureSketch, GridCounts, ValueCounts } from '../sketch/types.ts';
import { sameType } from './results.ts';

/**
 * Observations by bin on a baseline's frozen bins. The first bins are values (quantile bins, or the baseline's
 * categories); then `unseen` (any other category, ±∞, a value of another type) and `missing` (missing or NaN).
 */
export interface BinCounts {
  values: Float64Array;
  unseen: number;
  missing: number;
}

/** Counts on the baseline's value bins, without unseen or missing ones. Equal bins for every metric that uses counts. */
export function countBins(baseline: BaselineColumn, sketch: FeatureSketch): BinCounts {
  const aside = { unseen: sketch.infinite + sketch.wrongType, missing: missingOf(sketch) };
  if (!sameType(baseline, sketch)) {
    return { ...aside, values: new Float64Array(valueBins(baseline)), unseen: aside.unseen + usableValues(sketch) };
  }
  if (sketch.kind === 'numeric')
    return {
      ...aside,
      values: numericBins(baseline.psiEdges, (x) => cdfAtOrBelow(sketch.numeric, x), sketch.numeric.n),
    };
  const { values, other } = categoryBins(categoryIndex(baseline), sketch.categorical);
  return { ...aside, values, unseen: aside.unseen + other };
}

/** The same from a segment's counts on the frozen grid, whose edges contain the PSI's. */
export function countGridBins(baseline: BaselineColumn, counts: GridCounts): BinCounts {
  const aside = { unseen: counts.infinite + counts.wrongType, missing: missingOf(counts) };
  const { grid } = baseline;
  const values = new Float64Array(valueBins(baseline));
  if (grid.kind === 'numeric') {
    addTo(values, counts, (cell) => firstAtLeast(baseline.psiEdges, grid.edges[cell] ?? Infinity));
    return { ...aside, values };
  }
  const index = categoryIndex(baseline);
  const other = addTo(values, counts, (cell) => {
    const category = grid.categories[cell]; // undefined in the last cell: any other
    return category === undefined ? -1 : (index.get(category) ?? -1);
  });
  return { ...aside, values, unseen: aside.unseen + other };
}

/** The baseline's own counts, computed once for each frozen column. */
export function baselineBins(baseline: BaselineColumn): BinCounts {
  let bins = ownBins.get(baseline);
  if (bins === undefined) {
    bins = countBins(baseline, baseline.sketch);
    ownBins.set(baseline, bins);
  }
  return bins;
}

/** Missing in the statistical sense: absent, null or NaN (how numeric Python producers write it). */
export function missingOf(counts: ValueCounts): number {
  return counts.missing + counts.nan;
}

/** Counts over edges e: bin i is (e[i-1], e[i]], the last one open; `cumulative` gives observations ≤ x of n. */
export function numericBins(edges: readonly number[], cumulative: (x: number) => number, n: number): Float64Array {
  const bins = new Float64Array(edges.length + 1);
  let before = 0;
  edges.forEach((edge, i) => {
    const upTo = cumulative(edge);
    bins[i] = upTo - before;
    before = upTo;
  });
  bins[edges.length] = n - before;
  return bins;
}

const ownBins = new WeakMap<BaselineColumn, BinCounts>();
const indices = new WeakMap<BaselineColumn, ReadonlyMap<string, number>>();

function valueBins(baseline: BaselineColumn): number {
  const { sketch } = baseline;
  return sketch.kind === 'numeric' ? baseline.psiEdges.length + 1 : sketch.categorical.values.length;
}

function categoryIndex(baseline: BaselineColumn): ReadonlyMap<string, number> {
  let index = indices.get(baseline);
  if (index === undefined) {
    const { sketch } = baseline;
    index = new Map(sketch.kind === 'numeric' ? [] : sketch.categorical.values.map((value, i) => [value, i]));
    indices.set(baseline, index);
  }
  return index;
}

function categoryBins(
  index: ReadonlyMap<string, number>,
  d: CategoricalDistribution,
): { values: Float64Array; other: number } {
  const values = new Float64Array(index.size);
  let { other } = d;
  for (let i = 0; i < d.values.length; i++) {
    const bin = index.get(d.values[i]!);
    if (bin === undefined) other += d.counts[i]!;
    else values[bin]! += d.counts[i]!;
  }
  return { values, other };
}

/** Adds a grid's cells to bins; returns what has no bin (index −1). */
function addTo(values: Float64Array, counts: GridCounts, binOf: (cell: number) => number): number {
  let without = 0;
  counts.cells.forEach((cell, i) => {
    const bin = binOf(cell);
    if (bin < 0) without += counts.counts[i]!;
    else values[bin]! += counts.counts[i]!;
  });
  return without;
}

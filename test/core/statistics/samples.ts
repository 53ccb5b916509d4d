import type { BaselineColumn } from '../../../lib/core/baselines/types.ts';
import { categoricalFromCounts } from '../../../lib/core/sketch/categorical.ts';
import { emptySketch } from '../../../lib/core/sketch/feature.ts';
import { categoricalGrid, gridIndexer, numericGrid, quantileEdges } from '../../../lib/core/sketch/grid.ts';
import { sketchNumeric } from '../../../lib/core/sketch/numeric.ts';
import type { FeatureGrid, FeatureSketch, GridCounts, ValueCounts } from '../../../lib/core/sketch/types.ts';
import type { MetricResult } from '../../../lib/core/statistics/types.ts';

/** Values as events carry them; null is missing, NaN and ±Infinity are what they are. */
export type Value = number | string | null;

/** A sketch of numbers; strings are of the wrong type. */
export function numericSketch(values: readonly Value[]): FeatureSketch {
  const numbers = values.filter((v): v is number => typeof v === 'number');
  const numeric = sketchNumeric(Float64Array.from(numbers), numbers.length);
  return { ...emptySketch('numeric'), ...aside(values, 'string'), kind: 'numeric', numeric };
}

/** A sketch of strings; numbers are of the wrong type. */
export function categoricalSketch(values: readonly Value[]): FeatureSketch {
  const counts = new Map<string, number>();
  for (const v of values) if (typeof v === 'string') counts.set(v, (counts.get(v) ?? 0) + 1);
  const categorical = categoricalFromCounts(counts);
  return { ...emptySketch('categorical'), ...aside(values, 'number'), kind: 'categorical', categorical };
}

export function numericBaseline(values: readonly Value[]): BaselineColumn {
  const sketch = numericSketch(values);
  const sorted = Float64Array.from(values.filter((v): v is number => Number.isFinite(v))).sort();
  const psiEdges = quantileEdges(sorted, 10);
  return { feature: 'x', sketch, psiEdges, grid: numericGrid(psiEdges, sorted), spread: {} };
}

export function categoricalBaseline(values: readonly Value[]): BaselineColumn {
  const sketch = categoricalSketch(values);
  if (sketch.kind === 'numeric') throw new TypeError('not categorical');
  return { feature: 'c', sketch, psiEdges: [], grid: categoricalGrid(sketch.categorical), spread: {} };
}

/** What a segment's row holds of the values. */
export function gridOf(grid: FeatureGrid, values: readonly Value[]): GridCounts {
  const wrong = grid.kind === 'numeric' ? 'string' : 'number';
  const cellOf = gridIndexer(grid);
  const cells = new Map<number, number>();
  for (const v of values) {
    if (v === null || typeof v === wrong || (typeof v === 'number' && !Number.isFinite(v))) continue;
    cells.set(cellOf(v), (cells.get(cellOf(v)) ?? 0) + 1);
  }
  const sorted = [...cells].sort((a, b) => a[0] - b[0]);
  const n = sorted.reduce((sum, [, count]) => sum + count, 0);
  return { ...aside(values, wrong), n, cells: sorted.map(([cell]) => cell), counts: sorted.map(([, count]) => count) };
}

/** `count` copies of one value. */
export function times<T extends Value>(count: number, value: T): T[] {
  return Array.from({ length: count }, () => value);
}

/** The score, or a failure that shows why there is none. */
export function score(result: MetricResult): Extract<MetricResult, { kind: 'score' }> {
  if (result.kind !== 'score') throw new Error(`no score: ${result.reason}`);
  return result;
}

function aside(values: readonly Value[], wrong: 'string' | 'number'): ValueCounts {
  const count = (test: (v: Value) => boolean) => values.filter(test).length;
  const number = wrong === 'string';
  return {
    count: values.length,
    missing: count((v) => v === null),
    nan: number ? count((v) => Number.isNaN(v)) : 0,
    infinite: number ? count((v) => v === Infinity || v === -Infinity) : 0,
    wrongType: count((v) => typeof v === wrong),
  };
}

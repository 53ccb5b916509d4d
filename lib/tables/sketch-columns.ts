import { categoricalFromCounts } from '../core/sketch/categorical.ts';
import { emptyNumeric, isExact } from '../core/sketch/numeric.ts';
import type {
  CategoricalDistribution,
  FeatureKind,
  FeatureSketch,
  GridCounts,
  NumericDistribution,
  ValueCounts,
} from '../core/sketch/types.ts';

/** Counts of values, as columns. */
interface CountColumns {
  count: number;
  missing: number;
  nan: number;
  infinite: number;
  wrong_type: number;
  n: number;
}

/** A feature sketch as the columns of chunk_rows, window_rows and baseline_rows. */
export type SketchColumns = CountColumns & {
  kind: FeatureKind;
  min: number;
  max: number;
  mean: number;
  m2: number;
  values: number[];
  /** Empty when the sketch is exact: then it is `at_or_below` of the knot before. */
  below: number[];
  at_or_below: number[];
  categories: string[];
  category_counts: number[];
  other: number;
};

/** The same before it is copied into plain arrays. */
export type SketchParts = Omit<SketchColumns, 'values' | 'below' | 'at_or_below'> &
  Record<'values' | 'below' | 'at_or_below', Float64Array>;

/** A segment's counts on the frozen grid, as columns. */
export type GridColumns = CountColumns & { cells: number[]; cell_counts: number[] };

/** The row part to insert for a sketch, its arrays as they are. */
export function sketchParts(sketch: FeatureSketch): SketchParts {
  const numeric = sketch.kind === 'numeric' ? sketch.numeric : NO_NUMERIC;
  const categorical = sketch.kind === 'numeric' ? NO_CATEGORICAL : sketch.categorical;
  return {
    kind: sketch.kind,
    ...countColumns(sketch, sketch.kind === 'numeric' ? numeric.n : categorical.n),
    min: numeric.min,
    max: numeric.max,
    mean: numeric.mean,
    m2: numeric.m2,
    values: numeric.values,
    below: isExact(numeric) ? NO_NUMERIC.below : numeric.below,
    at_or_below: numeric.atOrBelow,
    categories: categorical.values,
    category_counts: categorical.counts,
    other: categorical.other,
  };
}

/** The same with plain arrays, as rows of JSON take them and give them back. */
export function sketchColumns(sketch: FeatureSketch): SketchColumns {
  const parts = sketchParts(sketch);
  return {
    ...parts,
    values: Array.from(parts.values),
    below: Array.from(parts.below),
    at_or_below: Array.from(parts.at_or_below),
  };
}

/** The sketch of a row; the inverse of `sketchColumns`, bit for bit. Throws on a kind this version does not know. */
export function sketchFromColumns(row: SketchColumns): FeatureSketch {
  const counts = valueCounts(row);
  const { kind } = row;
  if (kind === 'numeric') return { ...counts, kind, numeric: numericFrom(row) };
  if (kind !== 'categorical' && kind !== 'boolean') throw new TypeError(`unknown sketch kind ${JSON.stringify(kind)}`);
  const { categories, category_counts, other } = row;
  return { ...counts, kind, categorical: { n: row.n, values: categories, counts: category_counts, other } };
}

/** The row part to insert for a segment's grid counts. */
export function gridColumns(counts: GridCounts): GridColumns {
  return { ...countColumns(counts, counts.n), cells: counts.cells, cell_counts: counts.counts };
}

/** The inverse of `gridColumns`. */
export function gridFromColumns(row: GridColumns): GridCounts {
  return { ...valueCounts(row), n: row.n, cells: row.cells, counts: row.cell_counts };
}

function numericFrom(row: SketchColumns): NumericDistribution {
  const { n, min, max, mean, m2 } = row;
  const atOrBelow = Float64Array.from(row.at_or_below);
  const below = row.below.length > 0 ? Float64Array.from(row.below) : shifted(atOrBelow);
  return { n, min, max, mean, m2, values: Float64Array.from(row.values), below, atOrBelow };
}

/** The `below` of an exact sketch, which is not stored; in the zeros of `below`. */
export function shifted(
  atOrBelow: Float64Array,
  below: Float64Array = new Float64Array(atOrBelow.length),
): Float64Array {
  for (let i = 1; i < atOrBelow.length; i += 1) below[i] = atOrBelow[i - 1]!;
  return below;
}

function countColumns(counts: ValueCounts, n: number): CountColumns {
  const { count, missing, nan, infinite, wrongType } = counts;
  return { count, missing, nan, infinite, wrong_type: wrongType, n };
}

function valueCounts(row: CountColumns): ValueCounts {
  const { count, missing, nan, infinite, wrong_type } = row;
  return { count, missing, nan, infinite, wrongType: wrong_type };
}

const NO_CATEGORICAL: CategoricalDistribution = categoricalFromCounts(new Map());
const NO_NUMERIC: NumericDistribution = emptyNumeric();

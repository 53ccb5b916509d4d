import type {
  CategoricalDistribution,
  FeatureKind,
  FeatureSketch,
  GridCounts,
  NumericDistribution,
  ValueCounts,
} from '../core/sketch/types.ts';
import type { ColumnBlock } from '../core/sql/native-reader.ts';
import { shifted } from './sketch-columns.ts';

type Numbers = ArrayLike<number>;
type Texts = ArrayLike<string>;

/** The columns of a sketch and of a segment's counts, as a block of rows has them; see SketchColumns. */
export interface StoredColumns {
  kind: ArrayLike<FeatureKind | ''>;
  feature: Texts;
  segment: Texts;
  count: Numbers;
  errors: Numbers;
  missing: Numbers;
  nan: Numbers;
  infinite: Numbers;
  wrong_type: Numbers;
  n: Numbers;
  min: Numbers;
  max: Numbers;
  mean: Numbers;
  m2: Numbers;
  values: ArrayLike<Float64Array>;
  below: ArrayLike<Float64Array>;
  at_or_below: ArrayLike<Float64Array>;
  categories: ArrayLike<string[]>;
  category_counts: ArrayLike<number[]>;
  other: Numbers;
  cells: ArrayLike<number[]>;
  cell_counts: ArrayLike<number[]>;
}

/** The rows of blocks, made from each block's columns: `open` looks them up once for all rows, which is most of the work. */
export function rowsOfBlocks<C, R>(blocks: readonly ColumnBlock[], open: (columns: C) => (row: number) => R): R[] {
  const result: R[] = [];
  for (const { rows, columns } of blocks) {
    // What the columns are is the statement's affair.
    const make = open(columns as unknown as C);
    for (let row = 0; row < rows; row += 1) result.push(make(row));
  }
  return result;
}

/** What a row has of a distribution: a whole column's sketch, a segment's counts, or neither. */
export interface Distribution {
  sketch: FeatureSketch | null;
  grid: GridCounts | null;
}

export function distributionsOf(columns: StoredColumns): (row: number) => Distribution {
  const { kind: kinds, segment, cells, cell_counts, n } = columns;
  const countsAt = countsOf(columns);
  const numericAt = numericOf(columns);
  const categoricalAt = categoricalOf(columns);
  return (row) => {
    const kind = kinds[row]!;
    if (kind === '') return NO_DISTRIBUTION;
    const counts = countsAt(row);
    if (segment[row] !== '') {
      return { sketch: null, grid: { ...counts, n: n[row]!, cells: cells[row]!, counts: cell_counts[row]! } };
    }
    if (kind === 'numeric') return { sketch: { ...counts, kind, numeric: numericAt(row) }, grid: null };
    if (kind !== 'categorical' && kind !== 'boolean')
      throw new TypeError(`unknown sketch kind ${JSON.stringify(kind)}`);
    return { sketch: { ...counts, kind, categorical: categoricalAt(row) }, grid: null };
  };
}

const NO_DISTRIBUTION: Distribution = { sketch: null, grid: null };

function numericOf({ n, min, max, mean, m2, values, below, at_or_below }: StoredColumns) {
  const room = roomFor(at_or_below);
  return (row: number): NumericDistribution => {
    const atOrBelow = at_or_below[row]!;
    const stored = below[row]!;
    return {
      n: n[row]!,
      min: min[row]!,
      max: max[row]!,
      mean: mean[row]!,
      m2: m2[row]!,
      values: values[row]!,
      below: stored.length > 0 ? stored : shifted(atOrBelow, room(atOrBelow.length)),
      atOrBelow,
    };
  };
}

/** Zeros for arrays of the lengths of these: one piece of memory for all, as each of its own costs more than filling it. */
function roomFor(arrays: ArrayLike<Float64Array>): (length: number) => Float64Array {
  let total = 0;
  for (let i = 0; i < arrays.length; i += 1) total += arrays[i]!.length;
  let all: Float64Array | null = null;
  let taken = 0;
  return (length) => {
    all ??= new Float64Array(total);
    taken += length;
    return all.subarray(taken - length, taken);
  };
}

function categoricalOf({ n, categories, category_counts, other }: StoredColumns) {
  return (row: number): CategoricalDistribution => ({
    n: n[row]!,
    values: categories[row]!,
    counts: category_counts[row]!,
    other: other[row]!,
  });
}

function countsOf({ count, missing, nan, infinite, wrong_type }: StoredColumns) {
  return (row: number): ValueCounts => ({
    count: count[row]!,
    missing: missing[row]!,
    nan: nan[row]!,
    infinite: infinite[row]!,
    wrongType: wrong_type[row]!,
  });
}

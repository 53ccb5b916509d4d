import type { FeatureKind, FeatureSketch, GridCounts } from '../core/sketch/types.ts';
import { FLOAT64, type NativeBlock, TEXT, UINT32, UINT64 } from '../core/sql/native.ts';
import { type GridColumns, gridColumns, type SketchParts, sketchParts } from './sketch-columns.ts';

/** What a row says, each column that does not apply at the table's default. */
export type BodyColumns = Omit<SketchParts, 'kind' | 'nan'> &
  Omit<GridColumns, 'nan'> & { kind: string; nan: number; errors: number };

/** The columns of a sketch and of a segment's counts in a block of chunk_rows, window_rows, hour_rows or day_rows. */
export class SketchBlock {
  readonly #columns;

  constructor(block: NativeBlock) {
    this.#columns = columnsOf(block);
  }

  add(body: BodyColumns): void {
    const columns = this.#columns;
    columns.kind.add(body.kind);
    for (const name of COUNTS) columns[name].add(body[name]);
    for (const name of MOMENTS) columns[name].add(body[name]);
    for (const name of KNOTS) columns[name].add(body[name]);
    columns.categories.add(body.categories);
    columns.category_counts.add(body.category_counts);
    columns.cells.add(body.cells);
    columns.cell_counts.add(body.cell_counts);
  }
}

const COUNTS = ['count', 'errors', 'missing', 'nan', 'infinite', 'wrong_type', 'n', 'other'] as const;
const MOMENTS = ['min', 'max', 'mean', 'm2'] as const;
const KNOTS = ['values', 'below', 'at_or_below'] as const;

function columnsOf(block: NativeBlock) {
  return {
    kind: block.values('kind', TEXT),
    ...each(COUNTS, (name) => block.values(name, UINT64)),
    ...each(MOMENTS, (name) => block.values(name, FLOAT64)),
    ...each(KNOTS, (name) => block.arrays(name, FLOAT64)),
    categories: block.arrays('categories', TEXT),
    category_counts: block.arrays('category_counts', UINT64),
    cells: block.arrays('cells', UINT32),
    cell_counts: block.arrays('cell_counts', UINT64),
  };
}

/** A column for each of these names. */
export function each<Name extends string, C>(names: readonly Name[], make: (name: Name) => C): Record<Name, C> {
  return Object.fromEntries(names.map((name) => [name, make(name)])) as Record<Name, C>;
}

const NO_NUMBERS = new Float64Array();

/** A row without a distribution. */
export const NOTHING: BodyColumns = {
  kind: '',
  count: 0,
  errors: 0,
  missing: 0,
  nan: 0,
  infinite: 0,
  wrong_type: 0,
  n: 0,
  min: 0,
  max: 0,
  mean: 0,
  m2: 0,
  values: NO_NUMBERS,
  below: NO_NUMBERS,
  at_or_below: NO_NUMBERS,
  categories: [],
  category_counts: [],
  other: 0,
  cells: [],
  cell_counts: [],
};

/** What a column of a window or period says. */
export function columnBody(column: {
  kind: FeatureKind | '';
  count: number;
  errors: number;
  sketch: FeatureSketch | null;
  grid: GridCounts | null;
}): BodyColumns {
  const { kind, count, errors, sketch, grid } = column;
  const sketched = sketch === null ? {} : sketchParts(sketch);
  const counted = grid === null ? {} : gridColumns(grid);
  return { ...NOTHING, ...sketched, ...counted, kind, count, errors };
}

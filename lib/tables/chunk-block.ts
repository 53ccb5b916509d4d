import type { ChunkIdentity, ChunkRow, RowBody } from '../core/chunks/types.ts';
import { FLOAT64, NativeBlock, TEXT, TIME, UINT32, UINT64 } from '../core/sql/native.ts';
import { gridColumns, type SketchParts, sketchParts } from './sketch-columns.ts';

/** What a row says, each column that does not apply at the table's default. */
type BodyColumns = Omit<SketchParts, 'kind' | 'nan'> & {
  kind: string;
  nan: number;
  errors: number;
  cells: readonly number[];
  cell_counts: readonly number[];
};

/** Rows of one chunk for chunk_rows, encoded as they are added. */
export class ChunkBlock {
  readonly #block = new NativeBlock();
  readonly #columns = columnsOf(this.#block);

  constructor(chunk: ChunkIdentity, specId: string) {
    this.#block.constant('topic', TEXT, chunk.topic);
    this.#block.constant('incarnation', TEXT, chunk.incarnation);
    this.#block.constant('partition', UINT32, chunk.partition);
    this.#block.constant('chunk_start', UINT64, chunk.chunkStart);
    this.#block.constant('spec_id', TEXT, specId);
  }

  get bytes(): number {
    return this.#block.bytes;
  }

  get names(): string[] {
    return this.#block.names;
  }

  pieces(): Iterable<Uint8Array> {
    return this.#block.pieces();
  }

  add(row: ChunkRow): void {
    this.#addKey(row);
    this.#addBody(bodyColumns(row.body));
  }

  #addKey(row: ChunkRow): void {
    const columns = this.#columns;
    columns.model.add(row.model);
    columns.window_start.add(row.windowStart);
    columns.window_end.add(row.windowEnd);
    columns.version.add(row.version);
    columns.role.add(row.role);
    columns.feature.add(row.feature);
    columns.segment.add(row.segment);
    columns.generation.add(row.generation);
    columns.covered.add(row.covered);
  }

  #addBody(body: BodyColumns): void {
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
  const texts = ['model', 'version', 'role', 'feature', 'segment', 'kind'] as const;
  return {
    ...each(texts, (name) => block.values(name, TEXT)),
    generation: block.values('generation', UINT32),
    ...each(['covered', ...COUNTS] as const, (name) => block.values(name, UINT64)),
    ...each(['window_start', 'window_end'] as const, (name) => block.values(name, TIME)),
    ...each(MOMENTS, (name) => block.values(name, FLOAT64)),
    ...each(KNOTS, (name) => block.arrays(name, FLOAT64)),
    categories: block.arrays('categories', TEXT),
    category_counts: block.arrays('category_counts', UINT64),
    cells: block.arrays('cells', UINT32),
    cell_counts: block.arrays('cell_counts', UINT64),
  };
}

function each<Name extends string, C>(names: readonly Name[], make: (name: Name) => C): Record<Name, C> {
  return Object.fromEntries(names.map((name) => [name, make(name)])) as Record<Name, C>;
}

function bodyColumns(body: RowBody): BodyColumns {
  switch (body.form) {
    case 'window':
      return { ...NOTHING, count: body.count, errors: body.errors };
    case 'sketch':
      return { ...NOTHING, ...sketchParts(body.sketch) };
    case 'grid':
      return { ...NOTHING, kind: body.kind, ...gridColumns(body.counts) };
  }
}

const NO_NUMBERS = new Float64Array();

const NOTHING: BodyColumns = {
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

/** The columns that a block has, in its order. */
export const CHUNK_COLUMNS: readonly string[] = new ChunkBlock(
  { topic: '', incarnation: '', partition: 0, chunkStart: 0 },
  '',
).names;

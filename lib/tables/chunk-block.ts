import type { ChunkIdentity, ChunkRow, RowBody } from '../core/chunks/types.ts';
import { NativeBlock, TEXT, TIME, UINT32, UINT64 } from '../core/sql/native.ts';
import { type BodyColumns, each, NOTHING, SketchBlock } from './sketch-block.ts';
import { gridColumns, sketchParts } from './sketch-columns.ts';

/** Rows of one chunk for chunk_rows, encoded as they are added. */
export class ChunkBlock {
  readonly #block = new NativeBlock();
  readonly #columns = columnsOf(this.#block);
  readonly #body = new SketchBlock(this.#block);

  constructor(chunk: ChunkIdentity, specId: string) {
    this.#block.constant('topic', TEXT, chunk.topic);
    this.#block.constant('incarnation', TEXT, chunk.incarnation);
    this.#block.constant('partition', UINT32, chunk.partition);
    this.#block.constant('chunk_start', UINT64, chunk.chunkStart);
    this.#block.constant('spec_id', TEXT, specId);
  }

  /** Of the rows added since the last `take`. */
  get bytes(): number {
    return this.#block.bytes;
  }

  get names(): string[] {
    return this.#block.names;
  }

  /** The rows added since the last time, encoded; null where there are none. */
  take(): Uint8Array | null {
    return this.#block.take();
  }

  add(row: ChunkRow): void {
    this.#addKey(row);
    this.#body.add(bodyColumns(row.body));
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
}

function columnsOf(block: NativeBlock) {
  const texts = ['model', 'version', 'role', 'feature', 'segment'] as const;
  return {
    ...each(texts, (name) => block.values(name, TEXT)),
    generation: block.values('generation', UINT32),
    covered: block.values('covered', UINT64),
    ...each(['window_start', 'window_end'] as const, (name) => block.values(name, TIME)),
  };
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

/** The columns that a block has, in its order. */
export const CHUNK_COLUMNS: readonly string[] = new ChunkBlock(
  { topic: '', incarnation: '', partition: 0, chunkStart: 0 },
  '',
).names;

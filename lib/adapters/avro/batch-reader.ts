import { isAscii } from 'node:buffer';
import { BatchBytes } from '../../core/avro/batch-bytes.ts';
import type { BatchColumn, ColumnarBatch } from '../../core/events/batch-types.ts';
import type { PredictionBlock } from '../../core/events/block.ts';
import { appendBatch, type BatchOrigin } from '../../core/events/columnar-batch.ts';
import type { ShapeCatalog } from '../../core/events/shape.ts';
import type { Rejection } from '../../core/events/types.ts';
import { attempt } from './rejections.ts';
import type { SchemaSet } from './schema-set.ts';
import type { Writer } from './writer.ts';

/** `PredictionBatch` as avsc gives it. */
interface PlainBatch extends Omit<ColumnarBatch, 'ids'> {
  prediction_ids: string[];
  columns: BatchColumn[];
}

/** Reads columnar batches: those of the current schema as bytes, others through avsc. */
export class BatchReader {
  readonly #set: SchemaSet;
  readonly #shapes: ShapeCatalog;
  readonly #bytes = new BatchBytes(isAscii);
  /** The batch that found no room: it comes again at once, when the block is empty. */
  #full: { value: Buffer; batch: ColumnarBatch } | null = null;

  constructor(set: SchemaSet, shapes: ShapeCatalog) {
    this.#set = set;
    this.#shapes = shapes;
  }

  /** Reads the batch that begins at `start`; as PredictionReader does. */
  read(
    writer: Writer,
    value: Buffer,
    start: number,
    block: PredictionBlock,
    origin: BatchOrigin,
  ): 'read' | 'full' | Rejection {
    const parsed = this.#full?.value === value ? this.#full.batch : this.#parse(writer, value, start);
    this.#full = null;
    if ('code' in parsed) return parsed;
    const outcome = appendBatch(block, this.#shapes, parsed, origin);
    if (outcome === 'full') this.#full = { value, batch: parsed };
    return outcome;
  }

  #parse(writer: Writer, value: Buffer, start: number): ColumnarBatch | Rejection {
    const batch = this.#set.isCurrent(writer) ? this.#bytes.read(value, start) : null;
    if (batch !== null) return batch;
    const decoded = attempt(() => writer.decode(this.#set.reader('PredictionBatch'), value, start) as PlainBatch);
    if (!decoded.ok) return decoded.rejection;
    const { prediction_ids: texts, ...rest } = decoded.value;
    return { ...rest, ids: { count: texts.length, source: null, texts } };
  }
}

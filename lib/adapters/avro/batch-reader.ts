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
    const batch = this.#set.isCurrent(writer) ? this.#bytes.read(value, start) : null;
    if (batch !== null) return appendBatch(block, this.#shapes, batch, origin);
    const decoded = attempt(() => writer.decode(this.#set.reader('PredictionBatch'), value, start) as PlainBatch);
    if (!decoded.ok) return decoded.rejection;
    const { prediction_ids: texts, ...rest } = decoded.value;
    const ids = { count: texts.length, source: null, texts };
    return appendBatch(block, this.#shapes, { ...rest, ids }, origin);
  }
}

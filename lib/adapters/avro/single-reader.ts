import { EventBytes } from '../../core/avro/event-bytes.ts';
import { eventLayout } from '../../core/avro/event-layout.ts';
import { appendPrediction } from '../../core/events/append.ts';
import type { PredictionBlock } from '../../core/events/block.ts';
import type { BatchOrigin } from '../../core/events/columnar-batch.ts';
import { parsePrediction } from '../../core/events/parse-prediction.ts';
import type { ShapeCatalog } from '../../core/events/shape.ts';
import { predictionToText } from '../../core/events/to-json.ts';
import type { Decoded, Prediction, Rejection } from '../../core/events/types.ts';
import type { MappedRecord } from './mapped-record.ts';
import type { Sources } from './sources.ts';
import type { Writer } from './writer.ts';

/** Reads single predictions of one writer: those of a form seen before as bytes, others through avsc. */
export class SingleReader {
  readonly writer: Writer;
  readonly #sources: Sources;
  readonly #shapes: ShapeCatalog;
  readonly #mapped: MappedRecord | null;
  readonly #bytes: EventBytes | null;

  /** `texts`: whether events are asked for as JSON too. */
  constructor(writer: Writer, sources: Sources, shapes: ShapeCatalog, texts: boolean) {
    this.writer = writer;
    this.#sources = sources;
    this.#shapes = shapes;
    this.#mapped = sources.mapped(writer);
    this.#bytes = this.#mapped === null ? this.#ownBytes(texts) : this.#mappedBytes(this.#mapped, texts);
  }

  /** Reads the event that begins at `start`; as PredictionReader does. */
  read(value: Buffer, start: number, block: PredictionBlock, origin: BatchOrigin): 'read' | 'full' | Rejection {
    const { offset, arrival, texts } = origin;
    const known = this.#bytes?.read(value, start, offset, arrival, block) ?? null;
    if (known === 'read' && texts !== null) block.texts[block.length - 1] = texts.text(block, block.length - 1);
    if (known !== null) return known;
    const decoded = this.#decode(value, start);
    if (!decoded.ok) return decoded.rejection;
    const text = texts === null ? null : predictionToText(decoded.value);
    if (!appendPrediction(block, this.#shapes, decoded.value, { offset, arrival, source: null, text })) return 'full';
    this.#bytes?.learn(decoded.value);
    return 'read';
  }

  #ownBytes(texts: boolean): EventBytes | null {
    const fits = this.writer.fits(this.#sources.set.reader('Prediction'));
    const layout = fits ? eventLayout(this.writer.schema) : null;
    return layout === null ? null : new EventBytes(layout, this.#shapes, texts);
  }

  #mappedBytes({ problem, layout, features, mapping }: MappedRecord, texts: boolean): EventBytes | null {
    if (layout === null || problem !== null) return null;
    return new EventBytes(layout, this.#shapes, texts, { model: mapping.model, features });
  }

  #decode(value: Buffer, start: number): Decoded<Prediction> {
    if (this.#mapped !== null) return this.#mapped.decode(value, start);
    const plain = this.#sources.decodeAs('Prediction', { writer: this.writer, start }, value);
    return plain.ok ? parsePrediction(plain.value) : plain;
  }
}

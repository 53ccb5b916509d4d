import { isUtf8 } from 'node:buffer';
import { appendPrediction } from '../../core/events/append.ts';
import type { PredictionBlock } from '../../core/events/block.ts';
import { JsonReader } from '../../core/events/json-reader.ts';
import { LIMITS } from '../../core/events/limits.ts';
import { RowTexts } from '../../core/events/row-text.ts';
import { ShapeCatalog } from '../../core/events/shape.ts';
import type { Decoded, Prediction, Rejection } from '../../core/events/types.ts';
import type { PredictionReader } from '../../ports/codec.ts';
import { BatchReader } from './batch-reader.ts';
import { sizeProblem } from './rejections.ts';
import { SingleReader } from './single-reader.ts';
import { isAvro, type Sources } from './sources.ts';
import type { Writer } from './writer.ts';

/** Writers of which something learned is kept. */
const MOST_WRITERS = 100;

type Decode = (value: Buffer) => Decoded<Prediction>;
type Outcome = 'read' | 'full' | Rejection;

/** Reads records of a form seen before into columns, and all others by libraries, from which it learns their form. */
export class EventReader implements PredictionReader {
  readonly #sources: Sources;
  readonly #decode: Decode;
  readonly #texts: RowTexts | null;
  readonly #shapes = new ShapeCatalog();
  readonly #json = new JsonReader(this.#shapes, isUtf8);
  readonly #batches: BatchReader;
  readonly #singles = new Map<Writer, SingleReader>();
  /** The one used last. */
  #single: SingleReader | null = null;

  /** `decode`: of events as JSON, and of what is none. */
  constructor(sources: Sources, decode: Decode, texts: boolean) {
    this.#sources = sources;
    this.#decode = decode;
    this.#texts = texts ? new RowTexts() : null;
    this.#batches = new BatchReader(sources.set, this.#shapes);
  }

  read(value: Buffer, offset: number, arrival: number, block: PredictionBlock): Outcome {
    if (isAvro(value)) return this.#readAvro(value, offset, arrival, block);
    const known = value.length <= LIMITS.eventBytes ? this.#json.read(value, offset, arrival, block) : null;
    if (known !== null) return known;
    const decoded = this.#decode(value);
    if (!decoded.ok) return decoded.rejection;
    const origin = { offset, arrival, source: value, text: null };
    if (!appendPrediction(block, this.#shapes, decoded.value, origin)) return 'full';
    this.#json.learn(value, decoded.value);
    return 'read';
  }

  #readAvro(value: Buffer, offset: number, arrival: number, block: PredictionBlock): Outcome {
    const tooLarge = sizeProblem(value);
    if (tooLarge !== null) return tooLarge;
    const source = this.#sources.of(value);
    if ('code' in source) return source;
    const { writer, start } = source;
    const origin = { offset, arrival, texts: this.#texts };
    if (writer.name === 'PredictionBatch') return this.#batches.read(writer, value, start, block, origin);
    return this.#singleOf(writer).read(value, start, block, origin);
  }

  #singleOf(writer: Writer): SingleReader {
    if (this.#single?.writer === writer) return this.#single;
    const known = this.#singles.get(writer);
    if (known !== undefined) {
      this.#single = known;
      return known;
    }
    // Schemas may be registered for ever.
    if (this.#singles.size >= MOST_WRITERS) this.#singles.clear();
    const created = new SingleReader(writer, this.#sources, this.#shapes, this.#texts !== null);
    this.#singles.set(writer, created);
    return created;
  }
}

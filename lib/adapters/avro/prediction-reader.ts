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
import { attempt, refuse, sizeProblem } from './rejections.ts';
import { HEADER_BYTES, notA, type SchemaSet } from './schema-set.ts';
import { SingleReader } from './single-reader.ts';
import type { Writer } from './writer.ts';

type Decode = (value: Buffer) => Decoded<Prediction>;
type Outcome = 'read' | 'full' | Rejection;

/** Reads records of a form seen before straight into columns, and all others by `decode`, from which it learns their form. */
export class EventReader implements PredictionReader {
  readonly #set: SchemaSet;
  readonly #decode: Decode;
  readonly #texts: RowTexts | null;
  readonly #shapes = new ShapeCatalog();
  readonly #json = new JsonReader(this.#shapes, isUtf8);
  readonly #batches: BatchReader;
  readonly #singles = new Map<Writer, SingleReader>();

  constructor(set: SchemaSet, decode: Decode, texts: boolean) {
    this.#set = set;
    this.#decode = decode;
    this.#texts = texts ? new RowTexts() : null;
    this.#batches = new BatchReader(set, this.#shapes);
  }

  read(value: Buffer, offset: number, arrival: number, block: PredictionBlock): Outcome {
    if (value[0] === 0xc3 && value[1] === 0x01) return this.#readAvro(value, offset, arrival, block);
    const isText = value[0] !== 0xc3 && value[0] !== 0x00;
    const known = isText && value.length <= LIMITS.eventBytes ? this.#json.read(value, offset, arrival, block) : null;
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
    const known = attempt(() => this.#set.writerOf(value));
    if (!known.ok) return known.rejection;
    const texts = this.#texts;
    const writer = known.value;
    const origin = { offset, arrival, texts: this.#texts };
    if (writer.name === 'PredictionBatch') return this.#batches.read(writer, value, HEADER_BYTES, block, origin);
    if (writer.name !== 'Prediction') return refuse('unknown_schema', notA('Prediction', writer, value)).rejection;
    return this.#singleOf(writer).read(value, HEADER_BYTES, block, origin);
  }

  #singleOf(writer: Writer): SingleReader {
    const known = this.#singles.get(writer);
    if (known !== undefined) return known;
    const created = new SingleReader(writer, this.#set.reader('Prediction'), this.#shapes, this.#texts !== null);
    this.#singles.set(writer, created);
    return created;
  }
}

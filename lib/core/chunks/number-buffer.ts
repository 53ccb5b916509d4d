import { mergeNumeric, sketchNumeric } from '../sketch/numeric.ts';
import type { NumericDistribution } from '../sketch/types.ts';
import { CHUNK_LIMITS } from './limits.ts';

const FIRST_CAPACITY = 32;

/** Finite numbers of one column, gathered and folded into a sketch every `foldAt` values: never because of a flush. */
export class NumberBuffer {
  readonly #parts: NumericDistribution[] = [];
  #values = new Float64Array(FIRST_CAPACITY);
  #length = 0;
  #bytes = FIRST_CAPACITY * Float64Array.BYTES_PER_ELEMENT;

  add(value: number): void {
    if (this.#length === CHUNK_LIMITS.foldAt) this.#fold();
    if (this.#length === this.#values.length) this.#grow();
    this.#values[this.#length++] = value;
  }

  /** Bytes held, estimated: a function of the values added alone. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The distribution so far. Works on a copy. */
  distribution(): NumericDistribution {
    const tail = sketchNumeric(this.#values, this.#length);
    if (this.#parts.length === 0) return tail;
    return mergeNumeric([...this.#parts, tail]);
  }

  #fold(): void {
    const part = sketchNumeric(this.#values, this.#length);
    this.#parts.push(part);
    this.#bytes += 3 * part.values.byteLength;
    this.#length = 0;
  }

  #grow(): void {
    const values = new Float64Array(this.#values.length * 2);
    values.set(this.#values);
    this.#bytes += this.#values.byteLength;
    this.#values = values;
  }
}

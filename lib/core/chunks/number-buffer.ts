import { mergeNumeric, sketchNumeric } from '../sketch/numeric.ts';
import type { NumericDistribution } from '../sketch/types.ts';
import { CHUNK_LIMITS } from './limits.ts';

const FIRST_CAPACITY = 32;

/** Finite numbers of one column, gathered and folded into a sketch every `foldAt` values: never because of a flush. */
export class NumberBuffer {
  readonly #parts: NumericDistribution[] = [];
  #values = new Float64Array(FIRST_CAPACITY);
  #length = 0;

  add(value: number): void {
    if (this.#length === CHUNK_LIMITS.foldAt) this.#fold();
    if (this.#length === this.#values.length) this.#grow();
    this.#values[this.#length++] = value;
  }

  /** Bytes held, estimated: a function of the values added alone. */
  get bytes(): number {
    return this.#values.byteLength + this.#parts.reduce((sum, part) => sum + 3 * part.values.byteLength, 0);
  }

  /** The distribution so far. Works on a copy. */
  distribution(): NumericDistribution {
    const tail = sketchNumeric(this.#values, this.#length);
    if (this.#parts.length === 0) return tail;
    return mergeNumeric([...this.#parts, tail]);
  }

  #fold(): void {
    this.#parts.push(sketchNumeric(this.#values, this.#length));
    this.#length = 0;
  }

  #grow(): void {
    const values = new Float64Array(this.#values.length * 2);
    values.set(this.#values);
    this.#values = values;
  }
}

import { MAX_KNOTS } from '../sketch/knots.ts';
import { mergeNumeric, sketchNumeric } from '../sketch/numeric.ts';
import type { NumericDistribution } from '../sketch/types.ts';

/** Small enough for the JavaScript heap: a flood of columns with a value each costs no allocation outside it. */
const FIRST_CAPACITY = 8;
const BUFFER_BYTES = 300;
/** A sketch's three arrays and its object beside their elements. */
const PART_BYTES = 1_000;
const MOST_PART_BYTES = PART_BYTES + 3 * MAX_KNOTS * Float64Array.BYTES_PER_ELEMENT;

/** Finite numbers of one column, gathered and folded into a sketch every `foldAt` values: never because of a flush. */
export class NumberBuffer {
  readonly #parts: NumericDistribution[] = [];
  #values = new Float64Array(FIRST_CAPACITY);
  #length = 0;
  #bytes = BUFFER_BYTES + FIRST_CAPACITY * Float64Array.BYTES_PER_ELEMENT;

  add(value: number, foldAt: number): void {
    if (this.#length >= foldAt) this.#fold();
    if (this.#length === this.#values.length) this.#grow(foldAt);
    this.#values[this.#length++] = value;
  }

  /** Bytes held, estimated: a function of the values added alone. */
  get bytes(): number {
    return this.#bytes;
  }

  /** No fewer bytes than `count` more values add. */
  growth(count: number, foldAt: number): number {
    if (this.#length + count <= this.#values.length) return 0;
    return foldAt * Float64Array.BYTES_PER_ELEMENT + (1 + Math.ceil(count / foldAt)) * MOST_PART_BYTES;
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
    this.#bytes += PART_BYTES + 3 * part.values.byteLength;
    this.#length = 0;
  }

  #grow(foldAt: number): void {
    const values = new Float64Array(Math.min(this.#values.length * 2, foldAt));
    values.set(this.#values);
    this.#bytes += values.byteLength - this.#values.byteLength;
    this.#values = values;
  }
}

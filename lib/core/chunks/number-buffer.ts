import { NUMBER } from '../events/block.ts';
import { MAX_KNOTS } from '../sketch/knots.ts';
import { FOLD_TOLERANCE, mergeNumeric, sketchFinite, sketchNumeric } from '../sketch/numeric.ts';
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

  /** Adds the cells from `from` on while they are finite numbers; returns where it ended, at `to` at the latest. */
  addRun(tags: Uint8Array, numbers: Float64Array, from: number, to: number, foldAt: number): number {
    let at = from;
    while (at < to) {
      if (this.#length >= foldAt) this.#fold();
      if (this.#length === this.#values.length) this.#grow(foldAt);
      const end = Math.min(to, at + this.#values.length - this.#length);
      const stopped = this.#copy(tags, numbers, at, end);
      this.#length += stopped - at;
      at = stopped;
      if (stopped < end) break;
    }
    return at;
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

  /** Copies cells while they are finite numbers; there is room. */
  #copy(tags: Uint8Array, numbers: Float64Array, from: number, to: number): number {
    const values = this.#values;
    const shift = this.#length - from;
    for (let at = from; at < to; at++) {
      const value = numbers[at]!;
      // NaN and ±∞ less themselves are NaN.
      if (tags[at] !== NUMBER || value - value !== 0) return at;
      values[at + shift] = value + 0; // −0 + 0 is 0: the two are one value
    }
    return to;
  }

  #fold(): void {
    const part = sketchFinite(this.#values.subarray(0, this.#length), FOLD_TOLERANCE);
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

import type { FeatureValue } from '../events/types.ts';
import { categoricalFromCounts } from '../sketch/categorical.ts';
import { emptyNumeric } from '../sketch/numeric.ts';
import type { FeatureKind, FeatureSketch } from '../sketch/types.ts';
import { CHUNK_LIMITS } from './limits.ts';
import { NumberBuffer } from './number-buffer.ts';
import { kindOfValue, ValueTally } from './tally.ts';

const COLUMN_BYTES = 400;
const CATEGORY_BYTES = 64;

/** One column of one window: everything its sketch is made of. */
export class Column {
  #kind: FeatureKind | null;
  readonly #tally = new ValueTally();
  #numbers: NumberBuffer | null = null;
  readonly #categories = new Map<string, number>();
  #other = 0;
  #bytes = COLUMN_BYTES;

  /** `kind`: from the spec, or null to take it from the first usable value. */
  constructor(kind: FeatureKind | null) {
    this.#kind = kind;
  }

  add(value: FeatureValue): void {
    this.#kind ??= kindOfValue(value);
    // A column without a kind has had no usable value: any kind counts its nulls, NaNs and vectors alike.
    const usable = this.#tally.take(this.#kind ?? 'numeric', value);
    if (typeof usable === 'number') this.#addNumber(usable);
    else if (usable !== null) this.#addCategory(usable);
  }

  /** Bytes held, estimated: a function of the values added alone. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The sketch over `events` events of the window. */
  sketch(events: number): FeatureSketch {
    const counts = this.#tally.counts(events);
    if (this.#kind === null || this.#kind === 'numeric') {
      return { ...counts, kind: 'numeric', numeric: this.#numbers?.distribution() ?? emptyNumeric() };
    }
    return { ...counts, kind: this.#kind, categorical: categoricalFromCounts(this.#categories, this.#other) };
  }

  #addNumber(value: number): void {
    this.#numbers ??= new NumberBuffer();
    this.#numbers.add(value);
    this.#bytes = COLUMN_BYTES + this.#numbers.bytes;
  }

  #addCategory(value: string): void {
    const count = this.#categories.get(value);
    if (count !== undefined) this.#categories.set(value, count + 1);
    else if (this.#categories.size >= CHUNK_LIMITS.categories || value.length > CHUNK_LIMITS.categoryLength) {
      this.#other += 1;
    } else {
      this.#categories.set(value, 1);
      this.#bytes += CATEGORY_BYTES + 2 * value.length;
    }
  }
}

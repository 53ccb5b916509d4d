import { MISSING, NUMBER, type PredictionBlock } from '../events/block.ts';
import type { FeatureValue } from '../events/types.ts';
import { categoricalFromCounts } from '../sketch/categorical.ts';
import { emptyNumeric } from '../sketch/numeric.ts';
import type { FeatureKind, FeatureSketch } from '../sketch/types.ts';
import type { Caps } from './limit-hits.ts';
import { NumberBuffer } from './number-buffer.ts';
import { kindOfValue, readAs, type Unusable } from './reading.ts';

const COLUMN_BYTES = 300;
const CATEGORIES_BYTES = 200;
const CATEGORY_BYTES = 90;
const NO_NUMBERS = new NumberBuffer();

/** One column of one window: everything its sketch is made of. */
export class Column {
  #kind: FeatureKind | null;
  #seen = 0;
  #nan = 0;
  #infinite = 0;
  #wrongType = 0;
  #numbers: NumberBuffer | null = null;
  #categories: Map<string, number> | null = null;
  #other = 0;
  #bytes = COLUMN_BYTES;

  /** `kind`: from the spec, or null to take it from the first usable value. */
  constructor(kind: FeatureKind | null) {
    this.#kind = kind;
  }

  /** Adds the block's cells `from` to `to` (exclusive), in their order. */
  addCells(block: PredictionBlock, from: number, to: number, limits: Caps, model: string): void {
    for (let at = from; at < to; at++) {
      if (this.#kind === 'numeric') at = this.#addNumbers(block, at, to, limits);
      if (at < to) this.#addCell(block, at, limits, model);
    }
    if (this.#numbers !== null) this.#bytes = COLUMN_BYTES + this.#numbers.bytes;
  }

  /** Adds cells while they are finite numbers; returns where it ended. */
  #addNumbers({ tags, numbers }: PredictionBlock, from: number, to: number, { caps }: Caps): number {
    if (tags[from] !== NUMBER) return from;
    this.#numbers ??= new NumberBuffer();
    const end = this.#numbers.addRun(tags, numbers, from, to, caps.foldAt);
    this.#seen += end - from;
    return end;
  }

  #addCell({ tags, numbers, others }: PredictionBlock, at: number, limits: Caps, model: string): void {
    const tag = tags[at];
    if (tag === NUMBER) this.#add(numbers[at]!, limits, model);
    else if (tag !== MISSING) this.#add(others[at]!, limits, model);
  }

  /** No fewer bytes than `count` more values add, whatever they are. */
  growth(count: number, { caps }: Caps): number {
    const numbers = NO_NUMBERS.bytes + (this.#numbers ?? NO_NUMBERS).growth(count, caps.foldAt);
    if (this.#kind === 'numeric') return numbers;
    const room = Math.min(count, Math.max(0, caps.categories - (this.#categories?.size ?? 0)));
    const texts = CATEGORIES_BYTES + room * (CATEGORY_BYTES + 2 * caps.categoryLength);
    return this.#kind === null ? numbers + texts : texts;
  }

  #add(value: FeatureValue, limits: Caps, model: string): void {
    if (value === null) return;
    this.#seen += 1;
    this.#kind ??= kindOfValue(value);
    // A column without a kind has had no usable value: any kind counts its nulls, NaNs and vectors alike.
    const read = readAs(this.#kind ?? 'numeric', value);
    if (typeof read === 'number') this.#addNumber(read, limits);
    else if (typeof read === 'string') this.#addCategory(read, limits, model);
    else if (read !== null) this.#addUnusable(read);
  }

  /** Bytes held, estimated: a function of the values added alone. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The sketch over `events` events of the window. */
  sketch(events: number): FeatureSketch {
    const counts = {
      count: events,
      missing: events - this.#seen,
      nan: this.#nan,
      infinite: this.#infinite,
      wrongType: this.#wrongType,
    };
    if (this.#kind === null || this.#kind === 'numeric') {
      return { ...counts, kind: 'numeric', numeric: this.#numbers?.distribution() ?? emptyNumeric() };
    }
    const categorical = categoricalFromCounts(this.#categories ?? new Map(), this.#other);
    return { ...counts, kind: this.#kind, categorical };
  }

  #addNumber(value: number, { caps }: Caps): void {
    this.#numbers ??= new NumberBuffer();
    this.#numbers.add(value, caps.foldAt);
  }

  #addCategory(value: string, limits: Caps, model: string): void {
    this.#categories ??= this.#makeCategories();
    const count = this.#categories.get(value);
    if (count !== undefined) this.#categories.set(value, count + 1);
    else if (value.length > limits.caps.categoryLength) this.#overflow(limits, 'categoryLength', model);
    else if (this.#categories.size >= limits.caps.categories) this.#overflow(limits, 'categories', model);
    else {
      this.#categories.set(value, 1);
      this.#bytes += CATEGORY_BYTES + 2 * value.length;
    }
  }

  #makeCategories(): Map<string, number> {
    this.#bytes += CATEGORIES_BYTES;
    return new Map();
  }

  #overflow(limits: Caps, limit: 'categories' | 'categoryLength', model: string): void {
    this.#other += 1;
    limits.hit(limit, model);
  }

  #addUnusable({ why }: Unusable): void {
    if (why === 'nan') this.#nan += 1;
    else if (why === 'infinite') this.#infinite += 1;
    else if (why === 'wrongType') this.#wrongType += 1;
  }
}

import type { EventShape } from './shape.ts';
import type { FeatureValue } from './types.ts';

/** What a cell of a block holds: a number (NaN and ±∞ too), nothing, or a value of another type. */
export const NUMBER = 0;
export const MISSING = 1;
export const OTHER_TYPE = 2;

/** Cells of a block as long as its events are small: what a processor keeps near. */
const CELLS = 32_768;
/** No power of two: columns of one row would share their lines of the cache. */
const MOST_ROWS = 500;
const NO_SHAPE: EventShape = { columns: [], features: 0, label: 0, value: 0, latency: 0, segments: 0 };

/**
 * Some events of one shape in a row, column by column: what decoders fill and chunks count. A cell of row r and column c is
 * at `c * rows + r`. It is emptied and filled again for ever, so nobody may keep it or its arrays.
 */
export class PredictionBlock {
  shape: EventShape = NO_SHAPE;
  /** Events in it. */
  length = 0;
  /** Events it has room for; a column's cells. */
  rows = 0;
  tags = new Uint8Array(0);
  /** Where the tag says NUMBER. */
  numbers = new Float64Array(0);
  /** Where the tag says OTHER_TYPE; made when first needed. */
  others: FeatureValue[] = [];
  /** Of the record each event came in. */
  offsets = new Float64Array(0);
  /** Which row of its record each event is; 0 where a record is one event. */
  recordRows = new Uint32Array(0);
  /** ms */
  arrivals = new Float64Array(0);
  /** Event times, ms. */
  timestamps = new Float64Array(0);
  models: string[] = [];
  versions: string[] = [];
  roles: string[] = [];
  /** Prediction ids; null: the bytes of `idSources` from `idStarts` to `idEnds`, plain ASCII. */
  ids: (string | null)[] = [];
  idSources: (Uint8Array | null)[] = [];
  idStarts = new Uint32Array(0);
  idEnds = new Uint32Array(0);
  errors: (string | null)[] = [];
  /** Truth known at once. */
  truths: (string | number | boolean | null)[] = [];
  /** The record's bytes, where they are the event as JSON. */
  sources: (Uint8Array | null)[] = [];
  /** The event as JSON, where its bytes are not; null where nobody asked for it. */
  texts: (string | null)[] = [];

  /**
   * Makes room for `rows` more events of this shape, or returns false: then it has to be emptied first. An empty block
   * always takes them.
   */
  accept(shape: EventShape, rows = 1): boolean {
    if (this.length > 0) return this.shape === shape && this.length + rows <= this.rows;
    if (this.shape !== shape || rows > this.rows) this.#layOut(shape, rows);
    return true;
  }

  /** Takes the next event as written into row `length`, and into the arrays of `rows`. */
  commit(offset: number, arrival: number): void {
    this.offsets[this.length] = offset;
    this.arrivals[this.length] = arrival;
    this.recordRows[this.length] = 0;
    this.length += 1;
  }

  /** Takes the next `count` events, of one record, as written into the rows from `length` on. */
  commitRows(count: number, offset: number, arrival: number): void {
    this.offsets.fill(offset, this.length, this.length + count);
    this.arrivals.fill(arrival, this.length, this.length + count);
    for (let row = 0; row < count; row++) this.recordRows[this.length + row] = row;
    this.length += count;
  }

  /** Forgets the events, and the bytes they came from. */
  clear(): void {
    this.idSources.fill(null, 0, this.length);
    this.sources.fill(null, 0, this.length);
    this.texts.fill(null, 0, this.length);
    this.length = 0;
  }

  /** The prediction id of the event in `row`. */
  id(row: number): string {
    const known = this.ids[row]!;
    if (known !== null) return known;
    let id = '';
    const source = this.idSource(row);
    for (let at = this.idStarts[row]!; at < this.idEnds[row]!; at++) id += String.fromCharCode(source[at]!);
    return id;
  }

  /** The bytes that hold the event's id, where `ids` has none. */
  idSource(row: number): Uint8Array {
    return this.idSources[row]!;
  }

  /** The value in a cell, as a decoder would give it alone. */
  cell(column: number, row: number): FeatureValue {
    const at = column * this.rows + row;
    if (this.tags[at] === NUMBER) return this.numbers[at]!;
    return this.tags[at] === MISSING ? null : this.others[at]!;
  }

  setNumber(column: number, value: number): void {
    const at = column * this.rows + this.length;
    this.tags[at] = NUMBER;
    this.numbers[at] = value;
  }

  setMissing(column: number): void {
    this.tags[column * this.rows + this.length] = MISSING;
  }

  /** Anything but a number or null. */
  setOther(column: number, value: FeatureValue): void {
    const at = column * this.rows + this.length;
    this.tags[at] = OTHER_TYPE;
    this.others[at] = value;
  }

  /** Makes room for a value of another type in every cell: an array that grows by leaps is slow. */
  reserveOthers(): void {
    if (this.others.length >= this.tags.length) return;
    const grown = new Array<FeatureValue>(this.tags.length);
    for (const at in this.others) grown[at] = this.others[at]!;
    this.others = grown;
  }

  /** Any value at all. */
  set(column: number, value: FeatureValue): void {
    if (value === null) this.setMissing(column);
    else if (typeof value === 'number') this.setNumber(column, value);
    else this.setOther(column, value);
  }

  #layOut(shape: EventShape, atLeast: number): void {
    const columns = shape.columns.length;
    const few = Math.min(MOST_ROWS, Math.max(1, Math.floor(CELLS / columns)));
    // Batches are seldom of one length: rounded up, the next one finds room.
    const rows = atLeast <= few ? few : Math.ceil(atLeast / MOST_ROWS) * MOST_ROWS;
    this.shape = shape;
    this.others = [];
    if (rows !== this.rows) this.#resize(rows);
    if (this.tags.length < rows * columns || this.tags.length > 4 * rows * columns) {
      this.tags = new Uint8Array(rows * columns);
      this.numbers = new Float64Array(rows * columns);
    }
  }

  #resize(rows: number): void {
    this.rows = rows;
    this.offsets = new Float64Array(rows);
    this.arrivals = new Float64Array(rows);
    this.recordRows = new Uint32Array(rows);
    this.timestamps = new Float64Array(rows);
    this.idStarts = new Uint32Array(rows);
    this.idEnds = new Uint32Array(rows);
    this.models = new Array<string>(rows).fill('');
    this.versions = new Array<string>(rows).fill('');
    this.roles = new Array<string>(rows).fill('');
    this.ids = new Array<string | null>(rows).fill(null);
    this.idSources = new Array<Uint8Array | null>(rows).fill(null);
    this.errors = new Array<string | null>(rows).fill(null);
    this.truths = new Array<string | number | boolean | null>(rows).fill(null);
    this.sources = new Array<Uint8Array | null>(rows).fill(null);
    this.texts = new Array<string | null>(rows).fill(null);
  }
}

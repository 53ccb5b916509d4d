import { learn } from '../json/learn.ts';
import { JsonScanner, SLOT } from '../json/scanner.ts';
import { TextCache } from '../json/text-cache.ts';
import { MISSING, NUMBER, type PredictionBlock } from './block.ts';
import { type JsonForm, jsonForm, ROLE } from './json-form.ts';
import { LIMITS } from './limits.ts';
import type { ShapeCatalog } from './shape.ts';
import { isDimensionName } from './text.ts';
import { parseTimestamp } from './timestamp.ts';
import type { FeatureValue, Prediction } from './types.ts';

/** What the forms learned may take: some 35,000 slots. Past it all are forgotten, as producers change. */
const MOST_BYTES = 24 * 1024 * 1024;
/** Events that teach nothing before one of so many is looked at. */
const MOST_PATIENCE = 1_024;
/** An array of numbers: counted as present, and nothing else. */
const VECTOR: FeatureValue = [];

/**
 * Reads prediction events whose JSON has a form seen before, from bytes to columns without an object an event. It reads an
 * event exactly as JSON.parse and `parsePrediction` do, or not at all: then those decide, and it may `learn` from theirs.
 */
export class JsonReader {
  readonly #scanner = new JsonScanner<JsonForm>();
  readonly #texts = new TextCache();
  readonly #shapes: ShapeCatalog;
  readonly #isUtf8: (bytes: Uint8Array) => boolean;
  /** Events left until the next lesson, and how many were let go before this one. */
  #wait = 0;
  #patience = 0;
  #model = '';

  constructor(shapes: ShapeCatalog, isUtf8: (bytes: Uint8Array) => boolean) {
    this.#shapes = shapes;
    this.#isUtf8 = isUtf8;
  }

  /** Puts the event at the end of the block; 'full': it has to be emptied first; null: somebody else must read it. */
  read(bytes: Uint8Array, offset: number, arrival: number, block: PredictionBlock): 'read' | 'full' | null {
    const form = this.#scanner.scan(bytes);
    if (form === null || (this.#scanner.isWide && !this.#isUtf8(bytes))) return null;
    if (!block.accept(form.shape)) return 'full';
    if (!this.#fill(form, bytes, block)) return null;
    block.sources[block.length] = bytes;
    block.idSources[block.length] = bytes;
    block.commit(offset, arrival);
    return 'read';
  }

  /** Takes the form of an event that was accepted as `event`. */
  learn(bytes: Uint8Array, event: Prediction): void {
    if (this.#wait > 0) {
      this.#wait -= 1;
      return;
    }
    const isNew = this.#teach(bytes, event);
    this.#patience = isNew ? 0 : Math.min(2 * this.#patience + 1, MOST_PATIENCE);
    this.#wait = this.#patience;
  }

  #teach(bytes: Uint8Array, event: Prediction): boolean {
    const learned = learn(bytes);
    const form = learned === null ? null : jsonForm(learned.paths, event, this.#shapes);
    if (learned === null || form === null) return false;
    if (this.#scanner.size > MOST_BYTES) this.#scanner.clear();
    return this.#scanner.teach(learned.literals, form);
  }

  /** Writes the row behind the last one; false where a value is not what its slot must have. */
  #fill({ roles, columns, absent }: JsonForm, bytes: Uint8Array, block: PredictionBlock): boolean {
    const { length: row, rows } = block;
    const { kinds, numbers } = this.#scanner;
    block.versions[row] = '';
    block.roles[row] = 'champion';
    block.errors[row] = null;
    block.truths[row] = null;
    for (let i = 0; i < absent.length; i++) block.tags[absent[i]! * rows + row] = MISSING;
    for (let slot = 0; slot < roles.length; slot++) {
      if (kinds[slot] === SLOT.number && roles[slot] === ROLE.feature) {
        const at = columns[slot]! * rows + row;
        block.tags[at] = NUMBER;
        block.numbers[at] = numbers[slot]!;
      } else if (!this.#take(slot, roles[slot]!, columns[slot]!, bytes, block)) return false;
    }
    return true;
  }

  #take(slot: number, role: number, column: number, bytes: Uint8Array, block: PredictionBlock): boolean {
    const row = block.length;
    const kind = this.#scanner.kinds[slot]!;
    switch (role) {
      case ROLE.feature:
        return this.#setFeature(slot, column, bytes, block);
      case ROLE.predictionId:
        return this.#setId(slot, bytes, block);
      case ROLE.model: {
        const model = this.#name(slot, bytes);
        if (model === null || (model !== this.#model && !isDimensionName(model))) return false;
        this.#model = model;
        block.models[row] = model;
        return true;
      }
      case ROLE.version:
        if (kind === SLOT.null) return true;
        return this.#keep(block.versions, row, this.#shortText(slot, bytes));
      case ROLE.role: {
        if (kind === SLOT.null) return true;
        const name = this.#name(slot, bytes);
        return this.#keep(block.roles, row, name !== null && isDimensionName(name) ? name : null);
      }
      case ROLE.timestamp: {
        const time = parseTimestamp(this.#scalar(slot, bytes));
        block.timestamps[row] = time ?? 0;
        return time !== null;
      }
      case ROLE.measure:
        if (kind === SLOT.number) block.setNumber(column, this.#scanner.numbers[slot]!);
        else block.setMissing(column);
        return kind === SLOT.number || kind === SLOT.null;
      case ROLE.label:
        return this.#setText(slot, column, bytes, block, LIMITS.textLength);
      case ROLE.segment:
        return this.#setText(slot, column, bytes, block, LIMITS.nameLength);
      case ROLE.error:
        if (kind === SLOT.null) return true;
        return this.#keep(block.errors, row, this.#text(slot, bytes));
      case ROLE.truth: {
        const truth = this.#scalar(slot, bytes);
        block.truths[row] = truth ?? null;
        return truth !== undefined;
      }
      default:
        return this.#mayStand(slot, role);
    }
  }

  #setFeature(slot: number, column: number, bytes: Uint8Array, block: PredictionBlock): boolean {
    const kind = this.#scanner.kinds[slot]!;
    const value = kind === SLOT.numbers ? VECTOR : this.#scalar(slot, bytes);
    if (value !== undefined) block.set(column, value);
    return value !== undefined;
  }

  /** A label or a segment: whatever it is, as text. */
  #setText(slot: number, column: number, bytes: Uint8Array, block: PredictionBlock, most: number): boolean {
    const value = this.#scalar(slot, bytes);
    if (value === undefined) return false;
    if (value === null) block.setMissing(column);
    else block.setOther(column, String(value));
    return value === null || String(value).length <= most;
  }

  #setId(slot: number, bytes: Uint8Array, block: PredictionBlock): boolean {
    const { kinds, starts, ends, isWide } = this.#scanner;
    const row = block.length;
    const length = ends[slot]! - starts[slot]!;
    if (kinds[slot] !== SLOT.text || length === 0 || length > LIMITS.nameLength) return false;
    block.ids[row] = isWide ? this.#text(slot, bytes) : null;
    block.idStarts[row] = starts[slot]!;
    block.idEnds[row] = ends[slot]!;
    return true;
  }

  /** Whether a slot that is left alone holds what its place allows. */
  #mayStand(slot: number, role: number): boolean {
    const { kinds, starts, ends } = this.#scanner;
    const kind = kinds[slot]!;
    if (role === ROLE.anything || kind === SLOT.null) return true;
    if (role === ROLE.number) return kind === SLOT.number;
    const isShort = kind === SLOT.text && ends[slot]! - starts[slot]! <= LIMITS.nameLength;
    if (role === ROLE.shortText) return isShort;
    return role === ROLE.shortScalar && (isShort || kind === SLOT.number || kind === SLOT.true || kind === SLOT.false);
  }

  #keep(target: (string | null)[], row: number, text: string | null): boolean {
    if (text === null) return false;
    target[row] = text;
    return true;
  }

  /** The scalar in the slot; undefined for what is none, or too long a text. */
  #scalar(slot: number, bytes: Uint8Array): string | number | boolean | null | undefined {
    const kind = this.#scanner.kinds[slot]!;
    if (kind === SLOT.number) return this.#scanner.numbers[slot]!;
    if (kind === SLOT.null) return null;
    if (kind === SLOT.numbers) return undefined;
    if (kind === SLOT.text) return this.#text(slot, bytes) ?? undefined;
    return kind === SLOT.true;
  }

  /** A text that is no longer than texts may be in bytes, or null. */
  #text(slot: number, bytes: Uint8Array): string | null {
    const { kinds, starts, ends } = this.#scanner;
    if (kinds[slot] !== SLOT.text || ends[slot]! - starts[slot]! > LIMITS.textLength) return null;
    return this.#texts.get(bytes, starts[slot]!, ends[slot]!);
  }

  #shortText(slot: number, bytes: Uint8Array): string | null {
    const text = this.#text(slot, bytes);
    return text === null || text.length > LIMITS.nameLength ? null : text;
  }

  /** A text that stands where a name must; empty ones are read as absent, which is somebody else's business. */
  #name(slot: number, bytes: Uint8Array): string | null {
    const text = this.#shortText(slot, bytes);
    return text === '' ? null : text;
  }
}

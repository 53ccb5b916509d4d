import { OTHER_TYPE, type PredictionBlock } from '../events/block.ts';
import { LIMITS } from '../events/limits.ts';
import type { EventShape, ShapeCatalog } from '../events/shape.ts';
import { isDimensionName } from '../events/text.ts';
import { parseTimestamp } from '../events/timestamp.ts';
import type { FeatureValue, Prediction } from '../events/types.ts';
import { TextCache } from '../json/text-cache.ts';
import { AvroBytes } from './bytes.ts';
import { FIELD, type FieldLayout } from './event-layout.ts';
import { ONCE, SLOTS } from './event-slots.ts';
import { type KeyNode, KeyTree } from './key-tree.ts';
import { VALUE, ValueList } from './values.ts';

const MOST_NAMES = 1_000;
/** An array of numbers: counted as present, and nothing else. */
const VECTOR: FeatureValue = [];

/**
 * Reads single events of one writer's schema from bytes to columns, without an object an event: exactly as the library and
 * `parsePrediction` do, or not at all: then those decide, and it may `learn` the event's keys from theirs.
 */
export class EventBytes {
  readonly #layout: readonly FieldLayout[];
  readonly #shapes: ShapeCatalog;
  /** Whether an event has to be in the block whole: then those with parts that no column holds are others' to read. */
  readonly #whole: boolean;
  readonly #model: string | null;
  readonly #from = new AvroBytes();
  readonly #values = new ValueList();
  readonly #texts = new TextCache();
  readonly #keys = new KeyTree();
  #node: KeyNode | null = null;
  #features = 0;
  #segments = 0;
  #idStart = 0;
  #idEnd = 0;
  #timestamp = 0;
  /** Keys that no event had; then there is something to learn. */
  #hasMetUnknown = false;
  /** Some texts that are known to be names. */
  readonly #names = new Set<string>();

  /** `flat`: of records without maps, whose features are fields and whose model is always the same one. */
  constructor(
    layout: readonly FieldLayout[],
    shapes: ShapeCatalog,
    whole: boolean,
    flat?: { model: string; features: readonly string[] },
  ) {
    this.#layout = layout;
    this.#shapes = shapes;
    this.#whole = whole;
    this.#model = flat?.model ?? null;
    if (flat !== undefined) this.#keys.root.shape = shapes.shapeOf(flat.features, []);
  }

  /** Puts the event from `at` to the end of the bytes into the block; null: somebody else must read it. */
  read(bytes: Uint8Array, at: number, offset: number, arrival: number, block: PredictionBlock): 'read' | 'full' | null {
    this.#from.start(bytes, at);
    if (!this.#scan()) return null;
    const { shape } = this.#node!;
    if (shape === null) {
      this.#hasMetUnknown = true;
      return null;
    }
    if (!block.accept(shape)) return 'full';
    if (!this.#fill(shape, bytes, block)) return null;
    block.commit(offset, arrival);
    return 'read';
  }

  /** Takes the keys of an event that was accepted as `event`. */
  learn(event: Prediction): void {
    if (!this.#hasMetUnknown) return;
    this.#hasMetUnknown = false;
    const maps: Iterable<string>[] = [];
    for (const { field } of this.#layout) {
      if (field === FIELD.features) maps.push(event.features.keys());
      else if (field === FIELD.segments) maps.push(event.segments.keys());
      else if (field === FIELD.protected) maps.push(event.protectedAttributes.keys());
    }
    this.#keys.teach(maps, this.#shapes.shapeOf(event.features.keys(), event.segments.keys()));
  }

  /** Reads all values into the list; false where the bytes or the keys are not as expected. */
  #scan(): boolean {
    const values = this.#values;
    this.#node = this.#keys.root;
    this.#features = ONCE.end;
    this.#segments = ONCE.end;
    this.#idEnd = 0;
    values.kinds.fill(VALUE.nothing, 0, ONCE.end);
    values.length = ONCE.end;
    for (let i = 0; i < this.#layout.length; i++) if (!this.#scanField(this.#layout[i]!)) return false;
    return this.#from.done;
  }

  #scanField(layout: FieldLayout): boolean {
    const from = this.#from;
    switch (layout.field) {
      case FIELD.id: {
        const size = from.size();
        this.#idStart = from.at;
        from.at += size;
        this.#idEnd = from.at;
        return true;
      }
      case FIELD.timestamp: {
        const time = parseTimestamp(from.long());
        this.#timestamp = time ?? 0;
        return time !== null;
      }
      case FIELD.doubles:
        this.#values.addDoubles(layout.count, from);
        return true;
      case FIELD.feature:
        this.#values.add(layout.value, from);
        return true;
      case FIELD.features:
        this.#features = this.#values.length;
        return this.#scanMap(layout);
      case FIELD.segments:
        this.#segments = this.#values.length;
        return this.#scanMap(layout) && this.#areShort(this.#segments);
      case FIELD.protected: {
        const { length } = this.#values;
        return this.#scanMap(layout) && this.#areShort(length) && !(this.#whole && this.#values.length > length);
      }
      case FIELD.output:
        return this.#scanOutput(layout);
      case FIELD.numbers:
        return this.#scanNumbers(layout);
      default:
        return this.#scanOnce(layout);
    }
  }

  #scanOnce({ field, value }: FieldLayout): boolean {
    const slot = SLOTS[field] ?? ONCE.other;
    const values = this.#values;
    values.read(value, slot, this.#from);
    if (field !== FIELD.shortText || values.kinds[slot] === VALUE.nothing) return true;
    return !this.#whole && values.ends[slot]! - values.starts[slot]! <= LIMITS.nameLength;
  }

  #scanOutput({ present, inside }: FieldLayout): boolean {
    if (!this.#isPresent(present)) return true;
    for (let i = 0; i < inside.length; i++) if (!this.#scanField(inside[i]!)) return false;
    return true;
  }

  /** Reads which of null and something follows, where that is open. */
  #isPresent(present: number): boolean {
    if (present < 0) return true;
    const branch = this.#from.long();
    if (branch !== present && branch !== 1 - present) this.#from.failed = true;
    return branch === present;
  }

  /** Names are anything: nobody reads them. */
  #scanNumbers({ present, value }: FieldLayout): boolean {
    const from = this.#from;
    const values = this.#values;
    if (!this.#isPresent(present)) return true;
    if (this.#whole) return false;
    let total = 0;
    for (let left = from.items(LIMITS.mapEntries); left > 0; left = from.items(LIMITS.mapEntries - total)) {
      total += left;
      for (; left > 0 && !from.failed; left--) {
        from.skip(from.size());
        values.read(value, ONCE.other, from);
      }
    }
    return !from.failed;
  }

  #scanMap({ value }: FieldLayout): boolean {
    const from = this.#from;
    const values = this.#values;
    let node = this.#node!;
    let total = 0;
    for (let left = from.items(LIMITS.mapEntries); left > 0; left = from.items(LIMITS.mapEntries - total)) {
      total += left;
      for (; left > 0; left--) {
        const next: KeyNode | null = node.followFirst(from) ?? node.follow(from);
        if (next === null) return this.#meetUnknown();
        node = next;
        values.add(value, from);
      }
    }
    if (node.end === null) return this.#meetUnknown();
    this.#node = node.end;
    return !from.failed;
  }

  #meetUnknown(): boolean {
    this.#hasMetUnknown = true;
    return false;
  }

  /** Whether the texts from `first` on are no longer than names may be, in bytes. */
  #areShort(first: number): boolean {
    const { kinds, starts, ends, length } = this.#values;
    for (let slot = first; slot < length; slot++) {
      if (kinds[slot] === VALUE.text && ends[slot]! - starts[slot]! > LIMITS.nameLength) return false;
    }
    return true;
  }

  /** Writes the row behind the last one; false where a value is not what its place must have. */
  #fill(shape: EventShape, bytes: Uint8Array, block: PredictionBlock): boolean {
    const row = block.length;
    block.timestamps[row] = this.#timestamp;
    return (
      this.#fillId(bytes, block) &&
      this.#fillNames(bytes, block) &&
      this.#fillCells(this.#features, 0, shape.features, bytes, block) &&
      this.#fillCells(ONCE.score, shape.features, 4, bytes, block) &&
      this.#labelAsText(shape, bytes, block) &&
      this.#fillCells(this.#segments, shape.segments, shape.columns.length - shape.segments, bytes, block)
    );
  }

  #fillCells(first: number, column: number, count: number, bytes: Uint8Array, block: PredictionBlock): boolean {
    const { kinds, numbers } = this.#values;
    const { tags, numbers: cells, rows } = block;
    let at = column * rows + block.length;
    for (let slot = first; slot < first + count; slot++, at += rows) {
      const kind = kinds[slot]!;
      if (kind > VALUE.nothing) {
        if (!this.#fillOther(slot, at, bytes, block)) return false;
        continue;
      }
      // VALUE.number and VALUE.nothing are tags.
      tags[at] = kind;
      cells[at] = numbers[slot]!;
    }
    return true;
  }

  /** Producers' own records may have numbers and booleans as labels, which are taken as text. */
  #labelAsText(shape: EventShape, bytes: Uint8Array, block: PredictionBlock): boolean {
    const kind = this.#values.kinds[ONCE.label];
    if (kind === VALUE.nothing || kind === VALUE.text) return true;
    block.setOther(shape.label, String(this.#valueOf(ONCE.label, bytes)));
    return true;
  }

  #fillOther(slot: number, at: number, bytes: Uint8Array, block: PredictionBlock): boolean {
    const value = this.#valueOf(slot, bytes);
    if (value === null || (this.#whole && value === VECTOR)) return false;
    block.tags[at] = OTHER_TYPE;
    block.others[at] = value;
    return true;
  }

  #fillId(bytes: Uint8Array, block: PredictionBlock): boolean {
    const row = block.length;
    const start = this.#idStart;
    const end = this.#idEnd;
    if (end <= start || end - start > LIMITS.nameLength) return false;
    block.ids[row] = null;
    block.idSources[row] = bytes;
    block.sources[row] = null;
    block.texts[row] = null;
    block.idStarts[row] = start;
    block.idEnds[row] = end;
    for (let at = start; at < end; at++) {
      if (bytes[at]! < 0x80) continue;
      block.ids[row] = this.#texts.get(bytes, start, end);
      return block.ids[row] !== null;
    }
    return true;
  }

  #fillNames(bytes: Uint8Array, block: PredictionBlock): boolean {
    const row = block.length;
    const model = this.#model ?? this.#name(ONCE.model, bytes);
    const version = this.#textOf(ONCE.version, bytes, '');
    const role = this.#textOf(ONCE.role, bytes, '') === '' ? 'champion' : this.#name(ONCE.role, bytes);
    const error = this.#textOf(ONCE.error, bytes, null);
    const truth = this.#values.kinds[ONCE.truth] === VALUE.nothing ? null : this.#valueOf(ONCE.truth, bytes);
    if (model === null || version === undefined || role === null || error === undefined) return false;
    if (truth === null && this.#values.kinds[ONCE.truth] !== VALUE.nothing) return false;
    if (version !== null && version.length > LIMITS.nameLength) return false;
    block.models[row] = model;
    block.versions[row] = version ?? '';
    block.roles[row] = role;
    block.errors[row] = error;
    block.truths[row] = truth as string | number | boolean | null;
    return true;
  }

  /** A text that follows the rule for names, or null. */
  #name(slot: number, bytes: Uint8Array): string | null {
    const text = this.#textOf(slot, bytes, null) ?? null;
    if (text === null) return null;
    let isName = this.#names.has(text);
    if (!isName) {
      isName = isDimensionName(text);
      if (isName && this.#names.size < MOST_NAMES) this.#names.add(text);
    }
    return isName ? text : null;
  }

  /** The text in the slot; `absent` where there is nothing; undefined where it is no UTF-8. */
  #textOf<T>(slot: number, bytes: Uint8Array, absent: T): string | T | undefined {
    const { kinds, starts, ends } = this.#values;
    if (kinds[slot] !== VALUE.text) return absent;
    return this.#texts.get(bytes, starts[slot]!, ends[slot]!) ?? undefined;
  }

  /** Never null but for a text that is no UTF-8. */
  #valueOf(slot: number, bytes: Uint8Array): FeatureValue {
    const { kinds, numbers, starts, ends } = this.#values;
    switch (kinds[slot]) {
      case VALUE.number:
        return numbers[slot]!;
      case VALUE.text:
        return this.#texts.get(bytes, starts[slot]!, ends[slot]!);
      case VALUE.vector:
        return VECTOR;
      default:
        return kinds[slot] === VALUE.yes;
    }
  }
}

import { MISSING, type PredictionBlock } from '../events/block.ts';
import type { EventShape } from '../events/shape.ts';
import { categoricalFromCounts } from '../sketch/categorical.ts';
import { Column } from './column.ts';
import type { CompiledColumn, CompiledModel } from './compiled-spec.ts';
import type { Caps } from './limit-hits.ts';
import { OTHER } from './limits.ts';
import { Segment, segmentBytes } from './segment.ts';
import type { ChunkRow, RowBody, WindowKey } from './types.ts';

const WINDOW_BYTES = 2_000;
/** Of a column: its entry in the window's map. */
const ENTRY_BYTES = 80;
const NO_COLUMN = new Column(null);
const NONE: Entered = [];

/** Of each event the segments it belongs to. */
type Entered = readonly (readonly Segment[])[];

interface PlannedColumn {
  readonly name: string;
  /** undefined: not known yet; null: past the cap, and so for ever. */
  column: Column | null | undefined;
  /** What segments count of it. */
  readonly compiled: CompiledColumn | undefined;
}

interface PlannedSegment {
  readonly values: Map<string, Segment>;
  /** The shape's columns it is read from, or -1. */
  readonly named: number;
  readonly feature: number;
}

interface Plan {
  readonly shape: EventShape;
  readonly columns: readonly PlannedColumn[];
  readonly segments: readonly PlannedSegment[];
}

/** One window of one model, version and role within the chunk: its columns and segments. */
export class ChunkWindow {
  readonly key: WindowKey;
  readonly generation: number;
  changed = false;
  /** Its rows, as they were at some time, are durable. */
  written = false;
  #bytes = WINDOW_BYTES;
  #events = 0;
  #errors = 0;
  #lastOffset = -1;
  /** Values of columns past the cap. */
  #overflow = 0;
  readonly #model: CompiledModel;
  readonly #limits: Caps;
  readonly #columns = new Map<string, Column>();
  readonly #segments = new Map<string, Map<string, Segment>>();
  readonly #segmentBytes: number;
  #plan: Plan | null = null;

  constructor(key: WindowKey, generation: number, model: CompiledModel, limits: Caps) {
    this.key = key;
    this.generation = generation;
    this.#model = model;
    this.#limits = limits;
    for (const [name, { kind }] of model.columns) this.#keepColumn(name, new Column(kind));
    for (const name of model.segments) this.#segments.set(name, new Map());
    this.#segmentBytes = segmentBytes(model.slots);
  }

  /** Bytes held, estimated: a function of the events added alone. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * Adds the block's events `from` to `to` (exclusive). Several at once leave the same rows as one by one, as
   * long as `growth` is finite.
   */
  add(block: PredictionBlock, from: number, to: number): void {
    this.#events += to - from;
    for (let row = from; row < to; row++) if (block.errors[row] !== null) this.#errors += 1;
    this.#lastOffset = block.offsets[to - 1]!;
    this.changed = true;
    if (this.#model.countsOnly) return;
    const plan = this.#planOf(block.shape);
    const entered = plan.segments.length === 0 ? NONE : this.#enterSegments(plan, block, from, to);
    for (let at = 0; at < plan.columns.length; at++) this.#addColumn(plan, at, block, from, to, entered);
  }

  /** No fewer bytes than `count` events of the block's shape add, or Infinity where their order may decide what is kept. */
  growth({ shape }: PredictionBlock, count: number): number {
    if (this.#model.countsOnly) return 0;
    const plan = this.#planOf(shape);
    let bytes = 0;
    let fresh = 0;
    for (const { column, name } of plan.columns) {
      if (column === undefined) fresh += 1;
      if (column !== null) bytes += (column ?? NO_COLUMN).growth(count, this.#limits) + newColumnBytes(name);
    }
    if (fresh > 0 && this.#columns.size + fresh > this.#mostColumns) return Number.POSITIVE_INFINITY;
    const entries = Math.min(count, this.#limits.caps.segmentValues + 1) * plan.segments.length;
    return bytes + entries * (ENTRY_BYTES + 2 * this.#limits.caps.categoryLength + this.#segmentBytes);
  }

  get #mostColumns(): number {
    return Math.max(this.#limits.caps.columns, this.#model.columns.size);
  }

  /** The rows as they stand. Reads only: nothing about later rows depends on how often it is called. */
  *rows(): Generator<ChunkRow> {
    yield this.#row('', { form: 'window', count: this.#events, errors: this.#errors });
    for (const [name, column] of this.#columns) {
      yield this.#row(name, { form: 'sketch', sketch: column.sketch(this.#events) });
    }
    if (this.#overflow > 0) yield this.#row(OTHER, this.#overflowBody());
    for (const [name, values] of this.#segments) {
      for (const [value, segment] of values) yield* this.#segmentRows(`${name}=${value}`, segment);
    }
  }

  /** Takes the rows as they stand for written. */
  forgetChanges(): void {
    this.written ||= this.changed;
    this.changed = false;
    for (const values of this.#segments.values()) for (const segment of values.values()) segment.changed = false;
  }

  #row(feature: string, body: RowBody): ChunkRow {
    return { ...this.key, feature, segment: '', generation: this.generation, covered: this.#lastOffset + 1, body };
  }

  *#segmentRows(name: string, segment: Segment): Generator<ChunkRow> {
    // An untouched segment's rows are as they were written: they depend on its own events alone.
    if (!segment.changed) return;
    const place = { ...this.key, segment: name, generation: this.generation, covered: segment.lastOffset + 1 };
    yield { ...place, feature: '', body: { form: 'window', count: segment.events, errors: segment.errors } };
    for (const column of this.#model.columns.values()) {
      const body: RowBody = { form: 'grid', kind: column.kind, counts: segment.counts(column) };
      yield { ...place, feature: column.name, body };
    }
  }

  #overflowBody(): RowBody {
    const categorical = categoricalFromCounts(new Map(), this.#overflow);
    const none = { missing: 0, nan: 0, infinite: 0, wrongType: 0 };
    return { form: 'sketch', sketch: { kind: 'categorical', count: this.#overflow, ...none, categorical } };
  }

  /** What is known of the shape's columns here; of the last shape, as most events have the same one. */
  #planOf(shape: EventShape): Plan {
    if (this.#plan?.shape === shape) return this.#plan;
    const columns = shape.columns.map((name) => ({
      name,
      column: this.#columns.get(name),
      compiled: this.#model.columns.get(name),
    }));
    const segments = this.#model.segments.map((name) => ({
      values: this.#segments.get(name)!,
      named: shape.columns.indexOf(`segment.${name}`, shape.segments),
      feature: shape.columns.slice(0, shape.features).indexOf(name),
    }));
    this.#plan = { shape, columns, segments };
    return this.#plan;
  }

  #addColumn(plan: Plan, at: number, block: PredictionBlock, from: number, to: number, entered: Entered): void {
    const planned = plan.columns[at]!;
    const first = at * block.rows;
    if (planned.column === undefined) {
      // A feature is known by its name alone, the columns outside the features by their first value.
      if (at >= block.shape.features && !hasValue(block.tags, first + from, first + to)) return;
      planned.column = this.#admit(planned.name);
    }
    const { column, compiled } = planned;
    if (column === null) {
      this.#overflowCells(block.tags, first + from, first + to);
      return;
    }
    const before = column.bytes;
    column.addCells(block, first + from, first + to, this.#limits, this.key.model);
    this.#bytes += column.bytes - before;
    if (compiled !== undefined && entered.length > 0) addToSegments(compiled, entered, block, at, from);
  }

  #overflowCells(tags: Uint8Array, from: number, to: number): void {
    for (let at = from; at < to; at++) if (tags[at] !== MISSING) this.#addOverflow();
  }

  #addOverflow(): void {
    this.#overflow += 1;
    this.#limits.hit('columns', this.key.model);
  }

  #admit(name: string): Column | null {
    if (this.#columns.size >= this.#mostColumns) return null;
    return this.#keepColumn(name, new Column(null));
  }

  #keepColumn(name: string, column: Column): Column {
    this.#bytes += newColumnBytes(name) + column.bytes;
    this.#columns.set(name, column);
    return column;
  }

  /** The segments that each event belongs to. */
  #enterSegments(plan: Plan, block: PredictionBlock, from: number, to: number): Segment[][] {
    const entered: Segment[][] = [];
    for (let row = from; row < to; row++) {
      const current: Segment[] = [];
      for (const planned of plan.segments) {
        const value = segmentValue(planned, block, row);
        if (value === null) continue;
        const segment = planned.values.get(value) ?? this.#admitSegment(planned.values, value);
        segment.addEvent(block.offsets[row]!, block.errors[row] !== null);
        current.push(segment);
      }
      entered.push(current);
    }
    return entered;
  }

  #admitSegment(values: Map<string, Segment>, value: string): Segment {
    const { caps } = this.#limits;
    const past =
      value.length > caps.categoryLength
        ? 'categoryLength'
        : values.size >= caps.segmentValues
          ? 'segmentValues'
          : null;
    if (past !== null) this.#limits.hit(past, this.key.model);
    const kept = past === null ? value : OTHER;
    const known = values.get(kept);
    if (known !== undefined) return known;
    const created = new Segment(this.#model.slots);
    this.#bytes += ENTRY_BYTES + 2 * kept.length + created.bytes;
    values.set(kept, created);
    return created;
  }
}

/** A declared segment is named among the event's segments or, failing that, among its features. */
function segmentValue({ named, feature }: PlannedSegment, block: PredictionBlock, row: number): string | null {
  const stated = named < 0 ? null : block.cell(named, row);
  const value = stated ?? (feature < 0 ? null : block.cell(feature, row));
  return value === null || typeof value === 'object' ? null : String(value);
}

function addToSegments(
  column: CompiledColumn,
  entered: Entered,
  block: PredictionBlock,
  at: number,
  from: number,
): void {
  for (let i = 0; i < entered.length; i++) {
    const segments = entered[i]!;
    if (segments.length === 0) continue;
    const value = block.cell(at, from + i);
    for (const segment of segments) segment.addValue(column, value);
  }
}

function hasValue(tags: Uint8Array, from: number, to: number): boolean {
  for (let at = from; at < to; at++) if (tags[at] !== MISSING) return true;
  return false;
}

function newColumnBytes(name: string): number {
  return ENTRY_BYTES + 2 * name.length;
}

import type { FeatureValue, Prediction } from '../events/types.ts';
import { categoricalFromCounts } from '../sketch/categorical.ts';
import { Column } from './column.ts';
import type { CompiledModel } from './compiled-spec.ts';
import type { Caps } from './limit-hits.ts';
import { OTHER } from './limits.ts';
import { Segment } from './segment.ts';
import type { ChunkRow, RowBody, WindowKey } from './types.ts';

const WINDOW_BYTES = 2_000;
/** Of a column: its entry in the window's map. */
const ENTRY_BYTES = 80;

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
  /** Segments the current event belongs to. */
  #current: Segment[] = [];

  constructor(key: WindowKey, generation: number, model: CompiledModel, limits: Caps) {
    this.key = key;
    this.generation = generation;
    this.#model = model;
    this.#limits = limits;
    for (const [name, { kind }] of model.columns) this.#addColumn(name, new Column(kind));
    for (const name of model.segments) this.#segments.set(name, new Map());
  }

  /** Bytes held, estimated: a function of the events added alone. */
  get bytes(): number {
    return this.#bytes;
  }

  add(event: Prediction, offset: number): void {
    this.#events += 1;
    if (event.error !== null) this.#errors += 1;
    this.#lastOffset = offset;
    this.changed = true;
    if (this.#model.countsOnly) return;
    this.#current = [];
    for (const name of this.#model.segments) this.#enterSegment(name, event, offset);
    for (const [name, value] of event.features) this.#addValue(name, value);
    this.#addOutside(event);
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

  /** The columns outside the features; absent ones are missing only where the window knows them. */
  #addOutside(event: Prediction): void {
    if (event.score !== null) this.#addValue('prediction.score', event.score);
    if (event.label !== null) this.#addValue('prediction.label', event.label);
    if (event.value !== null) this.#addValue('prediction.value', event.value);
    if (event.latencyMs !== null) this.#addValue('latency_ms', event.latencyMs);
    for (const [name, value] of event.segments) this.#addValue(`segment.${name}`, value);
  }

  #addValue(name: string, value: FeatureValue): void {
    const column = this.#columns.get(name) ?? this.#admit(name);
    if (column === null) {
      if (value !== null) this.#addOverflow();
      return;
    }
    const before = column.bytes;
    column.add(value, this.#limits, this.key.model);
    this.#bytes += column.bytes - before;
    if (this.#current.length > 0) this.#addToSegments(name, value);
  }

  #addOverflow(): void {
    this.#overflow += 1;
    this.#limits.hit('columns', this.key.model);
  }

  #addToSegments(name: string, value: FeatureValue): void {
    const compiled = this.#model.columns.get(name);
    if (compiled === undefined) return;
    for (const segment of this.#current) segment.addValue(compiled, value);
  }

  #admit(name: string): Column | null {
    if (this.#columns.size >= Math.max(this.#limits.caps.columns, this.#model.columns.size)) return null;
    return this.#addColumn(name, new Column(null));
  }

  #addColumn(name: string, column: Column): Column {
    this.#bytes += ENTRY_BYTES + 2 * name.length + column.bytes;
    this.#columns.set(name, column);
    return column;
  }

  #enterSegment(name: string, event: Prediction, offset: number): void {
    const value = segmentValue(event, name);
    if (value === null) return;
    const values = this.#segments.get(name)!;
    const segment = values.get(value) ?? this.#admitSegment(values, value);
    segment.addEvent(offset, event.error !== null);
    this.#current.push(segment);
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
function segmentValue(event: Prediction, name: string): string | null {
  const named = event.segments.get(name);
  if (named !== undefined) return named;
  const feature = event.features.get(name) ?? null;
  return feature === null || typeof feature === 'object' ? null : String(feature);
}

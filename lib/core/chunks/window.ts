import type { FeatureValue, Prediction } from '../events/types.ts';
import { categoricalFromCounts } from '../sketch/categorical.ts';
import { Column } from './column.ts';
import type { CompiledModel } from './compiled-spec.ts';
import { CHUNK_LIMITS, OTHER } from './limits.ts';
import { Segment } from './segment.ts';
import type { ChunkRow, RowBody, WindowKey } from './types.ts';

const WINDOW_BYTES = 1_000;

/** One window of one model, version and role within the chunk: its columns and segments. */
export class ChunkWindow {
  readonly key: WindowKey;
  readonly generation: number;
  changed = false;
  #bytes = WINDOW_BYTES;
  #events = 0;
  #errors = 0;
  #lastOffset = -1;
  /** Values of columns past the cap. */
  #overflow = 0;
  readonly #model: CompiledModel;
  readonly #columns = new Map<string, Column>();
  readonly #segments = new Map<string, Map<string, Segment>>();
  /** Segments the current event belongs to. */
  #current: Segment[] = [];

  constructor(key: WindowKey, generation: number, model: CompiledModel) {
    this.key = key;
    this.generation = generation;
    this.#model = model;
    for (const [name, column] of model.columns) this.#columns.set(name, new Column(column.kind));
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
  rows(): ChunkRow[] {
    const rows = [this.#row('', { form: 'window', count: this.#events, errors: this.#errors })];
    for (const [name, column] of this.#columns) {
      rows.push(this.#row(name, { form: 'sketch', sketch: column.sketch(this.#events) }));
    }
    if (this.#overflow > 0) rows.push(this.#row(OTHER, this.#overflowBody()));
    for (const [name, values] of this.#segments) {
      for (const [value, segment] of values) rows.push(...this.#segmentRows(`${name}=${value}`, segment));
    }
    this.changed = false;
    return rows;
  }

  /** Takes the rows as they stand for written. */
  forgetChanges(): void {
    this.changed = false;
    for (const values of this.#segments.values()) for (const segment of values.values()) segment.changed = false;
  }

  #row(feature: string, body: RowBody): ChunkRow {
    return { ...this.key, feature, segment: '', generation: this.generation, covered: this.#lastOffset + 1, body };
  }

  #segmentRows(name: string, segment: Segment): ChunkRow[] {
    // An untouched segment's rows are as they were written: they depend on its own events alone.
    if (!segment.changed) return [];
    segment.changed = false;
    const place = { ...this.key, segment: name, generation: this.generation, covered: segment.lastOffset + 1 };
    const own: ChunkRow = {
      ...place,
      feature: '',
      body: { form: 'window', count: segment.events, errors: segment.errors },
    };
    const columns = [...this.#model.columns.values()].map((column): ChunkRow => {
      const body: RowBody = { form: 'grid', kind: column.kind, counts: segment.counts(column) };
      return { ...place, feature: column.name, body };
    });
    return [own, ...columns];
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
      if (value !== null) this.#overflow += 1;
      return;
    }
    const before = column.bytes;
    column.add(value);
    this.#bytes += column.bytes - before;
    if (this.#current.length > 0) this.#addToSegments(name, value);
  }

  #addToSegments(name: string, value: FeatureValue): void {
    const compiled = this.#model.columns.get(name);
    if (compiled === undefined) return;
    for (const segment of this.#current) {
      const before = segment.bytes;
      segment.addValue(compiled, value);
      this.#bytes += segment.bytes - before;
    }
  }

  #admit(name: string): Column | null {
    if (this.#columns.size >= Math.max(CHUNK_LIMITS.columns, this.#model.columns.size)) return null;
    const column = new Column(null);
    this.#bytes += column.bytes;
    this.#columns.set(name, column);
    return column;
  }

  #enterSegment(name: string, event: Prediction, offset: number): void {
    const value = segmentValue(event, name);
    if (value === null) return;
    const values = this.#segments.get(name)!;
    let segment = values.get(value);
    if (segment === undefined) {
      const kept = values.size < CHUNK_LIMITS.segmentValues ? value : OTHER;
      segment = values.get(kept) ?? new Segment();
      if (segment.events === 0) this.#bytes += segment.bytes;
      values.set(kept, segment);
    }
    segment.addEvent(offset, event.error !== null);
    this.#current.push(segment);
  }
}

/** A declared segment is named among the event's segments or, failing that, among its features. */
function segmentValue(event: Prediction, name: string): string | null {
  const named = event.segments.get(name);
  if (named !== undefined) return named;
  const feature = event.features.get(name) ?? null;
  if (feature === null || typeof feature === 'object') return null;
  const text = String(feature);
  return text.length > CHUNK_LIMITS.categoryLength ? OTHER : text;
}

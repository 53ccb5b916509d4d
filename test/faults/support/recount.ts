import type { RawRecord } from './kcat.ts';

/**
 * The oracle: counts the log one record after the other with plain code that shares nothing with what it judges. It
 * expects JSON, each feature of one type, and fewer models, features and categories than the caps.
 */
export interface RecountRules {
  /** Length of a model's windows, ms; they divide a UTC day. */
  windowMs(model: string): number;
  horizonMs: number;
  futureSkewMs: number;
  /** Kind of columns a reference declares; others have the kind of their values. */
  kind?(model: string, feature: string): 'numeric' | 'categorical' | 'boolean' | undefined;
  /** Other encodings: the event, or the code it must be refused with. Default: JSON. */
  decode?(value: Buffer): unknown;
}

export interface FeatureCount {
  /** Events whose `features` had the key, null included. */
  keyed: number;
  /** Values other than null. */
  seen: number;
  wrongType: number;
  numbers: number[];
  categories: Map<string, number>;
}

export interface WindowCount {
  model: string;
  version: string;
  role: string;
  start: number;
  end: number;
  events: number;
  errors: number;
  features: Map<string, FeatureCount>;
}

export interface LossCount {
  events: number;
  first: number;
  last: number;
}

export interface Letter {
  code: string;
  value: Buffer | null;
}

/** Thrown by `decode` for a value that must become a dead letter. */
export class Refused extends Error {
  readonly code: string;
  constructor(code: string) {
    super(code);
    this.code = code;
  }
}

const LAST_DATABLE = Date.UTC(2299, 0, 1);

export class Recount {
  /** By JSON of [model, version, role, start]. */
  readonly windows = new Map<string, WindowCount>();
  /** By `LABEL/PARTITION REASON`. */
  readonly losses = new Map<string, LossCount>();
  /** By `LABEL/PARTITION/OFFSET`: what must be in driftline.dead-letters. */
  readonly letters = new Map<string, Letter>();
  /** Offsets of counted events by `LABEL/PARTITION`: what must be in the view predictions. */
  readonly counted = new Map<string, number[]>();
  /** First offset not taken yet, by `LABEL/PARTITION`. */
  readonly next = new Map<string, number>();
  records = 0;
  readonly #rules: RecountRules;

  constructor(rules: RecountRules) {
    this.#rules = rules;
  }

  /** Takes in what a partition of an incarnation holds; records taken before are passed over. */
  take(label: string, records: readonly RawRecord[]): void {
    for (const record of records) {
      const place = `${label}/${record.partition}`;
      if (record.offset < (this.next.get(place) ?? 0)) continue;
      this.next.set(place, record.offset + 1);
      this.#count(place, record);
    }
  }

  /** Events counted, over all windows. */
  get events(): number {
    return [...this.windows.values()].reduce((sum, { events }) => sum + events, 0);
  }

  #count(place: string, record: RawRecord): void {
    if (Object.hasOwn(record.headers, 'driftline-progress')) return;
    this.records += 1;
    let event: Event;
    try {
      event = readEvent(record.value, this.#rules.decode ?? fromJson);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      this.letters.set(`${place}/${record.offset}`, { code: error.code, value: record.value });
      return;
    }
    const header = record.headers['driftline-arrival'];
    const isTime = header !== undefined && /^\d+$/.test(header) && Number(header) < LAST_DATABLE;
    const arrival = isTime ? Number(header) : record.timestamp;
    this.#place(place, record.offset, event, arrival);
  }

  #place(place: string, offset: number, event: Event, arrival: number): void {
    const length = this.#rules.windowMs(event.model);
    const start = Math.floor(event.timestamp / length) * length;
    if (event.timestamp > Math.min(arrival + this.#rules.futureSkewMs, LAST_DATABLE)) {
      this.#lose(`${place} future`, offset);
      return;
    }
    if (arrival - (start + length) > this.#rules.horizonMs) {
      this.#lose(`${place} beyond_horizon`, offset);
      return;
    }
    const offsets = this.counted.get(place);
    if (offsets === undefined) this.counted.set(place, [offset]);
    else offsets.push(offset);
    this.#add(this.#window(event, start, start + length), event);
  }

  #lose(key: string, offset: number): void {
    const loss = this.losses.get(key) ?? { events: 0, first: offset, last: offset };
    this.losses.set(key, { events: loss.events + 1, first: loss.first, last: offset });
  }

  #window({ model, version, role }: Event, start: number, end: number): WindowCount {
    const key = JSON.stringify([model, version, role, start]);
    const known = this.windows.get(key);
    if (known !== undefined) return known;
    const created = { model, version, role, start, end, events: 0, errors: 0, features: new Map() };
    this.windows.set(key, created);
    return created;
  }

  #add(window: WindowCount, event: Event): void {
    window.events += 1;
    if (event.error !== null) window.errors += 1;
    for (const [name, value] of event.columns) {
      let feature = window.features.get(name);
      if (feature === undefined) {
        feature = { keyed: 0, seen: 0, wrongType: 0, numbers: [], categories: new Map() };
        window.features.set(name, feature);
      }
      feature.keyed += 1;
      if (value !== null) this.#addValue(feature, value, this.#rules.kind?.(window.model, name));
    }
  }

  #addValue(feature: FeatureCount, value: unknown, declared: string | undefined): void {
    feature.seen += 1;
    if (typeof value === 'object') return;
    const own = typeof value === 'number' ? 'numeric' : typeof value === 'boolean' ? 'boolean' : 'categorical';
    const kind = declared ?? own;
    if (kind === 'numeric' && typeof value === 'number') feature.numbers.push(value);
    else if (kind === 'categorical' || own === kind) {
      const text = String(value);
      feature.categories.set(text, (feature.categories.get(text) ?? 0) + 1);
    } else feature.wrongType += 1;
  }
}

interface Event {
  model: string;
  version: string;
  role: string;
  timestamp: number;
  error: unknown;
  columns: [string, unknown][];
}

type Json = Record<string, unknown>;

function readEvent(value: Buffer | null, decode: (value: Buffer) => unknown): Event {
  if (value === null) throw new Refused('empty');
  const json = decode(value) as Json;
  if (typeof json !== 'object' || json === null || Array.isArray(json)) throw new Refused('wrong_type');
  const { prediction_id, model, timestamp, features, prediction } = json as Record<string, unknown>;
  if (prediction_id === undefined || model === undefined || timestamp === undefined) throw new Refused('missing_field');
  if (features === undefined && prediction === undefined) throw new Refused('missing_field');
  return {
    model: String(model),
    version: String(json.version ?? ''),
    role: String(json.role ?? 'champion'),
    timestamp: typeof timestamp === 'number' ? timestamp : Date.parse(String(timestamp)),
    error: json.error ?? null,
    columns: columnsOf(json),
  };
}

function columnsOf(json: Json): [string, unknown][] {
  const { score, label, value } = (json.prediction ?? {}) as Json;
  const outside: [string, unknown][] = [
    ['prediction.score', score],
    ['prediction.label', label === undefined || label === null ? label : String(label)],
    ['prediction.value', value],
    ['latency_ms', json.latency_ms],
    ...Object.entries((json.segments ?? {}) as Json).map(([name, text]): [string, unknown] => [
      `segment.${name}`,
      text,
    ]),
  ];
  return [
    ...Object.entries((json.features ?? {}) as Json),
    ...outside.filter(([, item]) => item !== undefined && item !== null),
  ];
}

function fromJson(value: Buffer): unknown {
  try {
    return JSON.parse(value.toString('utf8'));
  } catch {
    throw new Refused('malformed_json');
  }
}

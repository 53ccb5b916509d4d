/** Normalised events: what every decoder produces and everything downstream reads. */
export type FeatureValue = number | string | boolean | null | readonly number[];

export interface Prediction {
  predictionId: string;
  model: string;
  /** '' where the producer names none. */
  version: string;
  /** `champion` unless the event says otherwise. */
  role: string;
  /** Event time, ms since the epoch. */
  timestamp: number;
  /** A Map, never an object: a feature called `__proto__` is a feature like another. */
  features: ReadonlyMap<string, FeatureValue>;
  label: string | null;
  score: number | null;
  value: number | null;
  probabilities: ReadonlyMap<string, number> | null;
  segments: ReadonlyMap<string, string>;
  protectedAttributes: ReadonlyMap<string, string>;
  latencyMs: number | null;
  error: string | null;
  requestId: string | null;
  /** Truth known at once (top-level `label`). */
  truth: string | number | boolean | null;
  attributions: ReadonlyMap<string, number> | null;
}

/** Delayed ground truth; the greatest timestamp wins. */
export interface Label {
  predictionId: string;
  model: string;
  label: string | number | boolean;
  timestamp: number;
}

/** Why an event was refused. `path` points into the event; codes are listed in docs/topics.md. */
export interface Rejection {
  code: RejectionCode;
  path: string;
  message: string;
  /** The limit it is above, where that is the reason: see docs/limits.md. */
  limit?: EventLimit;
}

export type EventLimit =
  | 'event_bytes'
  | 'map_entries'
  | 'name_length'
  | 'text_length'
  | 'vector_length'
  | 'avro_items'
  | 'batch_rows'
  | 'batch_text';

export type RejectionCode =
  | 'malformed_json'
  | 'malformed_avro'
  | 'unknown_schema'
  | 'missing_field'
  | 'wrong_type'
  | 'bad_name'
  | 'bad_timestamp'
  | 'wrong_length'
  | 'bad_index'
  | 'too_large'
  | 'empty';

/** A decoding step's outcome is a union, not an exception. */
export type Decoded<T> = { ok: true; value: T } | { ok: false; rejection: Rejection };

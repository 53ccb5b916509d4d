import type { FeatureValue } from './types.ts';

/** What fields of a producer's own record may be, beside features. */
export type MappedField =
  | 'prediction_id'
  | 'timestamp'
  | 'version'
  | 'role'
  | 'score'
  | 'prediction'
  | 'value'
  | 'label'
  | 'latency_ms'
  | 'error';

/** How a producer's own flat record is read as a prediction: `avro_records` in the configuration. */
export interface RecordMapping {
  /** Full name of the record, such as `com.acme.Scored`. */
  readonly schema: string;
  readonly model: string;
  /** Names of the record's fields. */
  readonly fields: Readonly<Partial<Record<MappedField, string>>>;
  /** Fields that are neither mapped nor features. */
  readonly ignore: readonly string[];
}

type Plain = Readonly<Record<string, unknown>>;

/** The record as an event that `parsePrediction` reads. `features`: names of the fields that are. */
export function mappedEvent(record: Plain, { model, fields }: RecordMapping, features: readonly string[]): Plain {
  const get = (field: MappedField): unknown => {
    const name = fields[field];
    return name === undefined ? null : record[name];
  };
  return {
    prediction_id: asText(get('prediction_id')),
    model,
    version: asText(get('version')),
    role: get('role'),
    timestamp: get('timestamp'),
    features: new Map(features.map((name) => [name, record[name] as FeatureValue])),
    prediction: { label: get('prediction'), score: get('score'), value: get('value') },
    latency_ms: get('latency_ms'),
    error: get('error'),
    label: get('label'),
  };
}

/** Ids and versions are often numbers in tables. */
function asText(value: unknown): unknown {
  return typeof value === 'number' ? String(value) : value;
}

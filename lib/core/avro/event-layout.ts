import { type AvroSchema, isRecord, type RecordSchema } from './schema.ts';
import { type ValueLayout, valueLayout } from './values.ts';

/** What becomes of a field's bytes. */
export const FIELD = {
  id: 0,
  model: 1,
  version: 2,
  role: 3,
  timestamp: 4,
  score: 5,
  label: 6,
  value: 7,
  latency: 8,
  error: 9,
  truth: 10,
  /** A text of at most 256 characters, or null. */
  shortText: 11,
  features: 12,
  segments: 13,
  /** Names and short texts, which are kept nowhere but in the event's text. */
  protected: 14,
  /** Names and numbers, kept as little; or null. */
  numbers: 15,
  output: 16,
  feature: 17,
  /** A scalar that means nothing here. */
  ignored: 18,
  /** Several features. */
  doubles: 19,
} as const;

/** A field of an event in the order of its bytes. */
export interface FieldLayout {
  readonly field: number;
  /** Of a scalar, or of the values of a map. */
  readonly value: ValueLayout;
  /** Of a union with null: the branch that is something; -1 where there is no union. */
  readonly present: number;
  readonly inside: readonly FieldLayout[];
  /** Features in a row that are doubles and nothing else; of other fields 1. */
  readonly count: number;
}

const TOP: Readonly<Record<string, number>> = {
  prediction_id: FIELD.id,
  model: FIELD.model,
  version: FIELD.version,
  role: FIELD.role,
  timestamp: FIELD.timestamp,
  features: FIELD.features,
  prediction: FIELD.output,
  request_id: FIELD.shortText,
  segments: FIELD.segments,
  protected: FIELD.protected,
  latency_ms: FIELD.latency,
  error: FIELD.error,
  label: FIELD.truth,
  attributions: FIELD.numbers,
};
const OUTPUT: Readonly<Record<string, number>> = {
  label: FIELD.label,
  score: FIELD.score,
  value: FIELD.value,
  probabilities: FIELD.numbers,
};
const NUMBER = ['null', 'int', 'long', 'float', 'double'];
/** Any value that is one. */
export const SCALAR = ['null', 'boolean', 'int', 'long', 'float', 'double', 'string'];
const TEXT = ['null', 'string'];
/** Types that bytes may have to be read as the field: those whose values are what resolution would make of them. */
const ALLOWED: ReadonlyMap<number, readonly string[]> = new Map([
  [FIELD.id, ['string']],
  [FIELD.model, ['string']],
  [FIELD.version, ['string']],
  [FIELD.role, ['string']],
  [FIELD.timestamp, ['int', 'long']],
  [FIELD.score, NUMBER],
  [FIELD.value, NUMBER],
  [FIELD.latency, NUMBER],
  [FIELD.label, TEXT],
  [FIELD.error, TEXT],
  [FIELD.shortText, TEXT],
  [FIELD.truth, SCALAR],
]);
const NOTHING: ValueLayout = { type: -1, branches: [], doubleBranch: -1 };

/**
 * The layout of events by their writer's schema, in canonical form; null where it is not close enough to the schema
 * `Prediction` of schemas/prediction.avsc: then resolution is the library's business.
 */
export function eventLayout(schema: RecordSchema): FieldLayout[] | null {
  const fields = layouts(schema, TOP);
  const has = (field: number): boolean => fields?.some((one) => one.field === field) ?? false;
  return has(FIELD.id) && has(FIELD.model) && has(FIELD.timestamp) ? fields : null;
}

function layouts({ fields }: RecordSchema, names: Readonly<Record<string, number>>): FieldLayout[] | null {
  const result = fields.map(({ name, type }) =>
    Object.hasOwn(names, name) ? fieldLayout(names[name]!, type) : ignoredLayout(type),
  );
  return result.every((one) => one !== null) ? result : null;
}

function ignoredLayout(type: AvroSchema): FieldLayout | null {
  const value = valueLayout(type);
  return value === null ? null : { field: FIELD.ignored, value, present: -1, inside: [], count: 1 };
}

function fieldLayout(field: number, type: AvroSchema): FieldLayout | null {
  if (ALLOWED.has(field)) return scalarLayout(field, type);
  if (Array.isArray(type) && !isNullable(type)) return null;
  const present = Array.isArray(type) ? type.findIndex((branch) => branch !== 'null') : -1;
  const inner: AvroSchema = Array.isArray(type) ? type[present]! : type;
  const isOutput = field === FIELD.output;
  // What may be null here may be so in the current schema too.
  if (present >= 0 && field !== FIELD.numbers && !isOutput) return null;
  if (isOutput) {
    const inside = isRecord(inner) ? layouts(inner, OUTPUT) : null;
    return inside === null ? null : { field, value: NOTHING, present, inside, count: 1 };
  }
  if (typeof inner === 'string' || Array.isArray(inner) || !('values' in inner)) return null;
  const value = mapValues(field, inner.values as AvroSchema);
  return value === null ? null : { field, value, present, inside: [], count: 1 };
}

function isNullable(type: readonly AvroSchema[]): boolean {
  return type.length === 2 && type.filter((branch) => branch === 'null').length === 1;
}

/** Of a field that is one value; null where its type is not one that needs no conversion. */
export function scalarLayout(
  field: number,
  type: AvroSchema,
  allowed: readonly string[] = ALLOWED.get(field) ?? [],
): FieldLayout | null {
  const types = Array.isArray(type) ? type : [type];
  if (!types.every((one) => typeof one === 'string' && allowed.includes(one))) return null;
  const value = valueLayout(type);
  return value === null ? null : { field, value, present: -1, inside: [], count: 1 };
}

function mapValues(field: number, values: AvroSchema): ValueLayout | null {
  if (field === FIELD.features) return valueLayout(values);
  const isNumber = typeof values === 'string' && NUMBER.includes(values) && values !== 'null';
  return values === 'string' || (field === FIELD.numbers && isNumber) ? valueLayout(values) : null;
}

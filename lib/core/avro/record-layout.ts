import { LIMITS } from '../events/limits.ts';
import type { MappedField, RecordMapping } from '../events/record-mapping.ts';
import { featureNameProblem } from '../events/text.ts';
import { FIELD, type FieldLayout, SCALAR, scalarLayout } from './event-layout.ts';
import type { AvroSchema, RecordSchema } from './schema.ts';
import { isPlainDouble, valueLayout } from './values.ts';

const FIELDS: Readonly<Record<MappedField, number>> = {
  prediction_id: FIELD.id,
  timestamp: FIELD.timestamp,
  version: FIELD.version,
  role: FIELD.role,
  score: FIELD.score,
  prediction: FIELD.label,
  value: FIELD.value,
  label: FIELD.truth,
  latency_ms: FIELD.latency,
  error: FIELD.error,
};

/** What a producer's own record is made of. */
export interface RecordLayout {
  /** Names of the fields that are features: scalars, enums and arrays of doubles that are neither mapped nor ignored. */
  features: readonly string[];
  /** null: some field is of a type that only the library reads. */
  layout: readonly FieldLayout[] | null;
}

/** Returns what is wrong as a text: a mapped field that the record does not have. */
export function recordLayout({ fields }: RecordSchema, mapping: RecordMapping): RecordLayout | string {
  const mapped = new Map(Object.entries(mapping.fields).map(([field, name]) => [name, FIELDS[field as MappedField]]));
  const absent = [...mapped.keys()].find((name) => !fields.some((field) => field.name === name));
  if (absent !== undefined) return `${mapping.schema} has no field ${absent}, which avro_records maps`;
  const isFeature = ({ name, type }: { name: string; type: AvroSchema }): boolean =>
    !mapped.has(name) && !mapping.ignore.includes(name) && isValue(type);
  const features = fields.filter(isFeature).map(({ name }) => name);
  const layout = fields.map((field) => layoutOf(field.type, mapped.get(field.name), isFeature(field)));
  const areGood = features.every((name) => featureNameProblem(name, LIMITS.nameLength) === null);
  return { features, layout: areGood && layout.every((one) => one !== null) ? joined(layout) : null };
}

function isValue(type: AvroSchema): boolean {
  if (valueLayout(type) !== null || isEnum(type)) return true;
  return (
    Array.isArray(type) && type.every((branch) => branch === 'null' || isEnum(branch) || valueLayout(branch) !== null)
  );
}

function isEnum(type: AvroSchema): boolean {
  return typeof type === 'object' && !Array.isArray(type) && type.type === 'enum';
}

function layoutOf(type: AvroSchema, field: number | undefined, isFeature: boolean): FieldLayout | null {
  if (field === FIELD.label) return scalarLayout(field, type, SCALAR);
  if (field !== undefined) return scalarLayout(field, type);
  const value = valueLayout(type);
  const kind = isFeature ? FIELD.feature : FIELD.ignored;
  return value === null ? null : { field: kind, value, present: -1, inside: [], count: 1 };
}

/** Doubles that follow one another are read together. */
function joined(fields: readonly FieldLayout[]): FieldLayout[] {
  const result: FieldLayout[] = [];
  for (const field of fields) {
    const last = result.at(-1);
    const isDouble = field.field === FIELD.feature && isPlainDouble(field.value);
    if (isDouble && last?.field === FIELD.doubles) result[result.length - 1] = { ...last, count: last.count + 1 };
    else result.push(isDouble ? { ...field, field: FIELD.doubles } : field);
  }
  return result;
}

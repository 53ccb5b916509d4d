/** The part of Avro's schema language that Driftline's own schemas use, as parsed JSON. */
export type AvroSchema = string | AvroSchema[] | AvroComplex;

export type AvroComplex =
  | RecordSchema
  | { type: 'enum'; name: string; namespace?: string; symbols: string[]; default?: string }
  | { type: 'array'; items: AvroSchema }
  | { type: 'map'; values: AvroSchema }
  | { type: 'fixed'; name: string; namespace?: string; size: number }
  | { type: string };

export interface RecordSchema {
  type: 'record';
  name: string;
  namespace?: string;
  fields: { name: string; type: AvroSchema; default?: unknown }[];
}

/** Named types by name, with and without namespace: a later use names them only. */
export type NamedTypes = Map<string, AvroComplex>;

export function isRecord(schema: AvroSchema): schema is RecordSchema {
  return typeof schema === 'object' && !Array.isArray(schema) && schema.type === 'record';
}

/** Remembers a named type under its names. */
export function remember(schema: AvroComplex, names: NamedTypes): void {
  if (!('name' in schema)) return;
  names.set(schema.name, schema);
  if (schema.namespace !== undefined) names.set(`${schema.namespace}.${schema.name}`, schema);
}

/** Unqualified name of a type, as unions' branches are called here. */
export function shortName(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1);
}

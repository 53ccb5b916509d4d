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

/** The same schema with all types under their unqualified names. Throws where two of them have the same. */
export function withoutNamespaces(schema: RecordSchema): RecordSchema {
  const names = new Map<string, string>();
  const local = (name: string): string => {
    const short = shortName(name);
    const known = names.get(short);
    if (known !== undefined && known !== name) throw new TypeError(`${known} and ${name} have one name`);
    names.set(short, name);
    return short;
  };
  return renamed(schema, local) as RecordSchema;
}

/** `local` gives the name of a type; its fields keep theirs. */
function renamed(schema: unknown, local: (name: string) => string): unknown {
  if (typeof schema === 'string') return schema.includes('.') ? local(schema) : schema;
  if (Array.isArray(schema)) return schema.map((branch) => renamed(branch, local));
  const { namespace: _namespace, ...rest } = schema as Record<string, unknown>;
  for (const key of ['type', 'items', 'values']) {
    if (key in rest) rest[key] = renamed(rest[key], local);
  }
  if (typeof rest.name === 'string') rest.name = local(rest.name);
  if (Array.isArray(rest.fields)) {
    rest.fields = rest.fields.map((field: { type: unknown }) => ({ ...field, type: renamed(field.type, local) }));
  }
  return rest;
}

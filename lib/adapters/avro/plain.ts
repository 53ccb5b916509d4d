import {
  type AvroComplex,
  type AvroSchema,
  isRecord,
  type NamedTypes,
  remember,
  shortName,
} from '../../core/avro/schema.ts';

/** Turns what avsc decoded into plain values. */
type Convert = (value: unknown) => unknown;
type Fields = Readonly<Record<string, unknown>>;

/**
 * From avsc's values of `mapsAsEntries(schema)`, unions wrapped, to plain ones of `schema`: records are objects, maps are
 * Maps, a union's value is the value itself.
 */
export function createPlain(schema: AvroSchema): Convert {
  return compile(schema, new Map());
}

const same: Convert = (value) => value;

function compile(schema: AvroSchema, names: NamedTypes): Convert {
  if (typeof schema === 'string') {
    const named = names.get(schema);
    return named === undefined ? same : compileComplex(named, names);
  }
  if (Array.isArray(schema)) return union(schema, names);
  return compileComplex(schema, names);
}

function compileComplex(schema: AvroComplex, names: NamedTypes): Convert {
  remember(schema, names);
  if (isRecord(schema)) {
    const fields = schema.fields.map(({ name, type }) => [name, compile(type, names)] as const);
    return (value) => Object.fromEntries(fields.map(([name, convert]) => [name, convert((value as Fields)[name])]));
  }
  if ('items' in schema) {
    const item = compile(schema.items, names);
    return item === same ? same : (value) => (value as unknown[]).map(item);
  }
  if (!('values' in schema)) return same;
  const item = compile(schema.values, names);
  return (value) =>
    new Map((value as { key: string; value: unknown }[]).map((entry) => [entry.key, item(entry.value)]));
}

function union(branches: readonly AvroSchema[], names: NamedTypes): Convert {
  const converts = new Map(branches.map((branch) => [branchName(branch), compile(branch, names)]));
  return (value) => {
    if (value === null) return null;
    const [name, inner] = Object.entries(value as Fields)[0]!;
    return (converts.get(shortName(name)) ?? same)(inner);
  };
}

/** The name avsc gives to a branch; a map is by then an array of entries. */
function branchName(schema: AvroSchema): string {
  if (typeof schema === 'string') return shortName(schema);
  if (Array.isArray(schema)) return '';
  if ('name' in schema) return schema.name;
  return schema.type === 'map' ? 'array' : schema.type;
}

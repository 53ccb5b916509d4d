import { type AvroComplex, type AvroSchema, isRecord } from '../../core/avro/schema.ts';

/**
 * The same schema with every map as an array of (key, value) records. Their bytes are the same, and a key `__proto__` is
 * then a text like another, where a map decoded into an object would let it replace the prototype.
 *
 * `path` names the entry records after their place, so that a newer schema's match an older one's.
 */
export function mapsAsEntries(schema: AvroSchema, path = ''): AvroSchema {
  if (typeof schema === 'string') return schema;
  if (Array.isArray(schema)) return schema.map((branch) => mapsAsEntries(branch, path));
  return complexAsEntries(schema, path);
}

function complexAsEntries(schema: AvroComplex, path: string): AvroSchema {
  if (isRecord(schema)) {
    const name = `${path}_${schema.name}`;
    const fields = schema.fields.map((field) => ({ ...field, ...fieldAsEntries(field, `${name}_${field.name}`) }));
    return { ...schema, fields };
  }
  if (schema.type === 'array' && 'items' in schema) return { ...schema, items: mapsAsEntries(schema.items, path) };
  if (schema.type !== 'map' || !('values' in schema)) return schema;
  const entry = {
    type: 'record',
    name: `Entry${path}`,
    fields: [
      { name: 'key', type: 'string' },
      { name: 'value', type: mapsAsEntries(schema.values, path) },
    ],
  };
  return { type: 'array', items: entry };
}

function fieldAsEntries(field: { type: AvroSchema; default?: unknown }, path: string): object {
  const type = mapsAsEntries(field.type, path);
  const isMap = typeof field.type === 'object' && !Array.isArray(field.type) && field.type.type === 'map';
  return isMap && field.default !== undefined ? { type, default: [] } : { type };
}

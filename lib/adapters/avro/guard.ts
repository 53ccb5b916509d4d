import { type AvroComplex, type AvroSchema, isRecord, type NamedTypes, remember } from '../../core/avro/schema.ts';
import { LIMITS } from '../../core/events/index.ts';

/** What bounds the items of every array and map. */
type ItemsLimit = 'map_entries' | 'batch_rows';
const MOST: Readonly<Record<ItemsLimit, number>> = { map_entries: LIMITS.mapEntries, batch_rows: LIMITS.batchRows };

/** Bytes that claim more items than they may have, or than they have room for. */
export class ItemsError extends RangeError {
  override readonly name = 'ItemsError';
  readonly limit: ItemsLimit | 'avro_items';

  constructor(limit: ItemsLimit | 'avro_items', message: string) {
    super(message);
    this.limit = limit;
  }
}

/** Steps over one value from `position`; returns the position after it. Throws RangeError where the bytes do not allow it. */
type Skip = (bytes: Buffer, position: number) => number;

/**
 * A walk over bytes by their writer's schema, before anything is decoded: it refuses lengths and block counts that the
 * remaining bytes cannot hold, so that a few bytes never become gigabytes, and anything after the value's end.
 * Throws TypeError for a schema whose array or map items take no bytes: their count could not be checked.
 */
export function createGuard(schema: AvroSchema, limit: ItemsLimit = 'map_entries'): (bytes: Buffer) => void {
  const skip = compile(schema, { names: new Map(), limit });
  return (bytes) => {
    const end = skip(bytes, 0);
    if (end !== bytes.length) throw new RangeError(`${bytes.length - end} bytes follow the value`);
  };
}

interface Scope {
  names: NamedTypes;
  limit: ItemsLimit;
}

function compile(schema: AvroSchema, scope: Scope): Skip {
  if (typeof schema === 'string') return PRIMITIVES[schema] ?? compileNamed(schema, scope);
  if (Array.isArray(schema)) return union(schema.map((branch) => compile(branch, scope)));
  return compileComplex(schema, scope);
}

/** A type that was defined before; compiled when first needed, as a schema may contain itself. */
function compileNamed(name: string, scope: Scope): Skip {
  const schema = scope.names.get(name);
  if (schema === undefined) throw new TypeError(`unknown Avro type ${name}`);
  let skip: Skip | null = null;
  return (bytes, position) => {
    skip ??= compile(schema, scope);
    return skip(bytes, position);
  };
}

function compileComplex(schema: AvroComplex, scope: Scope): Skip {
  remember(schema, scope.names);
  if (isRecord(schema)) {
    const fields = schema.fields.map((field) => compile(field.type, scope));
    return (bytes, position) => fields.reduce((at, skip) => skip(bytes, at), position);
  }
  if ('items' in schema) return blocks(schema.items, compile(schema.items, scope), scope.limit);
  if ('values' in schema) {
    const value = compile(schema.values, scope);
    return blocks('string', (bytes, position) => value(bytes, skipBytes(bytes, position)), scope.limit);
  }
  if ('symbols' in schema) return skipVarint;
  if ('size' in schema) return (bytes, position) => advance(bytes, position, schema.size);
  return compile(schema.type, scope);
}

function union(branches: readonly Skip[]): Skip {
  return (bytes, position) => {
    const [index, next] = readVarint(bytes, position);
    const skip = branches[index];
    if (skip === undefined) throw new RangeError(`no branch ${index} in a union of ${branches.length}`);
    return skip(bytes, next);
  };
}

function blocks(items: AvroSchema, skipItem: Skip, limit: ItemsLimit): Skip {
  if (takesNoBytes(items)) throw new TypeError('arrays and maps of items without bytes are not read');
  return (bytes, start) => {
    let position = start;
    let total = 0;
    for (;;) {
      let [count, next] = readVarint(bytes, position);
      if (count === 0) return next;
      if (count < 0) {
        count = -count;
        const [size, after] = readVarint(bytes, next);
        advance(bytes, after, size);
        next = after;
      }
      total += count;
      if (count > bytes.length - next) {
        throw new ItemsError('avro_items', `${count} items cannot fit into ${bytes.length - next} bytes`);
      }
      if (total > MOST[limit]) throw new ItemsError(limit, `more than ${MOST[limit]} items`);
      for (let i = 0; i < count; i++) next = skipItem(bytes, next);
      position = next;
    }
  };
}

/** Conservative: whatever may take none counts as taking none. */
function takesNoBytes(schema: AvroSchema): boolean {
  if (typeof schema === 'string') return schema === 'null';
  if (Array.isArray(schema)) return false;
  if (isRecord(schema)) return schema.fields.every((field) => takesNoBytes(field.type));
  return 'size' in schema ? schema.size === 0 : schema.type === 'null';
}

const PRIMITIVES: Readonly<Record<string, Skip>> = {
  null: (_bytes, position) => position,
  boolean: (bytes, position) => advance(bytes, position, 1),
  int: skipVarint,
  long: skipVarint,
  float: (bytes, position) => advance(bytes, position, 4),
  double: (bytes, position) => advance(bytes, position, 8),
  bytes: skipBytes,
  string: skipBytes,
};

function skipBytes(bytes: Buffer, position: number): number {
  const [length, next] = readVarint(bytes, position);
  return advance(bytes, next, length);
}

function advance(bytes: Buffer, position: number, length: number): number {
  const next = position + length;
  if (!(length >= 0 && next <= bytes.length)) {
    throw new RangeError(`${length} bytes do not follow at ${position} of ${bytes.length}`);
  }
  return next;
}

function skipVarint(bytes: Buffer, position: number): number {
  return readVarint(bytes, position)[1];
}

/** A zig-zag varint of at most ten bytes and the position after it. Beyond 2^53 it is a double near it: for sizes enough. */
function readVarint(bytes: Buffer, position: number): [number, number] {
  let value = 0;
  let scale = 1;
  for (let at = position; at < position + 10 && at < bytes.length; at++) {
    const byte = bytes[at]!;
    value += (byte & 0x7f) * scale;
    scale *= 128;
    if (byte < 0x80) return [value % 2 === 1 ? -(value + 1) / 2 : value / 2, at + 1];
  }
  throw new RangeError(`no whole number at ${position} of ${bytes.length}`);
}

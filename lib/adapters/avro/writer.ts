import avsc from 'avsc';
import { type RecordSchema, withoutNamespaces } from '../../core/avro/schema.ts';
import { mapsAsEntries } from './entries.ts';
import { crc64Avro } from './fingerprint.ts';
import { createGuard } from './guard.ts';
import { createPlain } from './plain.ts';

/** Events have maps, a batch has rows. */
const BATCH = 'PredictionBatch';

/** Bytes of a schema this version does not have, or cannot read as what it needs. */
export class UnknownSchemaError extends Error {
  override readonly name = 'UnknownSchemaError';
}

/** What records are read as: a current schema, as avsc has it and as plain values. */
export interface Reader {
  readonly type: avsc.Type;
  readonly plain: (value: unknown) => unknown;
}

/** A schema that records were written by. */
export interface Writer {
  /** The record's name, without namespace: which message it is. */
  readonly name: string;
  /** The same with the namespace. */
  readonly fullName: string;
  readonly schema: RecordSchema;
  readonly fingerprint: bigint;
  /** Equal for schemas whose bytes are the same, field by field. */
  readonly layout: string;
  /** Whether its values can be read as the reader's. */
  fits(reader: Reader): boolean;
  /** The value from `start` to the end of the bytes, as plain values of the reader's schema. Throws on damaged bytes. */
  decode(reader: Reader, value: Buffer, start: number): unknown;
}

export function createReader(schema: RecordSchema): Reader {
  return { type: readingType(schema), plain: createPlain(schema) };
}

/** Throws for a schema that is none, or that cannot be read safely. */
export function createWriter(source: RecordSchema): Writer {
  const canonical = avsc.Type.forSchema(source as avsc.Schema).schema() as RecordSchema;
  const schema = withoutNamespaces(canonical);
  const guard = createGuard(schema, schema.name === BATCH ? 'batch_rows' : 'map_entries');
  const type = readingType(schema);
  const resolvers = new Map<Reader, ReturnType<avsc.Type['createResolver']> | null>();
  const resolverOf = (reader: Reader) => {
    const known = resolvers.get(reader);
    if (known !== undefined) return known;
    const created = tryResolver(reader, type);
    resolvers.set(reader, created);
    return created;
  };
  return {
    name: schema.name,
    fullName: canonical.name,
    schema,
    fingerprint: crc64Avro(JSON.stringify(canonical)),
    layout: JSON.stringify(schema),
    fits: (reader) => resolverOf(reader) !== null,
    decode: (reader, value, start) => {
      const body = value.subarray(start);
      const resolver = resolverOf(reader);
      if (resolver === null)
        throw new UnknownSchemaError(`the schema ${canonical.name} cannot be read as ${reader.type.name}`);
      guard(body);
      return reader.plain(reader.type.fromBuffer(body, resolver));
    },
  };
}

function tryResolver(reader: Reader, writer: avsc.Type): ReturnType<avsc.Type['createResolver']> | null {
  try {
    return createResolver(reader, writer);
  } catch {
    return null;
  }
}

/** Throws where what `writer` wrote cannot be read as `reader`. */
export function checkReadable(reader: Reader, { schema }: Writer): void {
  createResolver(reader, readingType(schema));
}

/** Producers may have our records in a namespace of their own. */
function createResolver({ type }: Reader, writer: avsc.Type): ReturnType<avsc.Type['createResolver']> {
  return type.createResolver(writer, { ignoreNamespaces: true });
}

/** Longs as doubles: exact up to 2^53, as in JSON, and beyond it the nearest, where avsc by itself refuses the record. */
const longType = avsc.types.LongType.__with({
  fromBuffer: (bytes: Buffer) => Number(bytes.readBigInt64LE()),
  toBuffer: (value: number) => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64LE(BigInt(value));
    return bytes;
  },
  fromJSON: (value: number) => value,
  toJSON: (value: number) => value,
  isValid: (value: unknown) => Number.isInteger(value),
  compare: (a: number, b: number) => a - b,
});

function readingType(schema: RecordSchema): avsc.Type {
  return avsc.Type.forSchema(mapsAsEntries(schema) as avsc.Schema, {
    wrapUnions: 'always',
    registry: { long: longType },
  });
}

import avsc from 'avsc';
import type { RecordSchema } from '../../core/avro/schema.ts';
import { mapsAsEntries } from './entries.ts';
import { crc64Avro } from './fingerprint.ts';
import { createGuard } from './guard.ts';
import { createPlain } from './plain.ts';

/** Events have maps, a batch has rows. */
const BATCH = 'PredictionBatch';

/** What records are read as: a current schema, as avsc has it and as plain values. */
export interface Reader {
  readonly type: avsc.Type;
  readonly plain: (value: unknown) => unknown;
}

/** A schema that records were written by. */
export interface Writer {
  /** The record's name, without namespace: which message it is. */
  readonly name: string;
  /** The record's fields in the order of the bytes; types under their full names. */
  readonly schema: RecordSchema;
  readonly fingerprint: bigint;
  /** The value from `start` to the end of the bytes, as plain values of the reader's schema. Throws on damaged bytes. */
  decode(reader: Reader, value: Buffer, start: number): unknown;
}

export function createReader(schema: RecordSchema): Reader {
  return { type: readingType(schema), plain: createPlain(schema) };
}

/** Throws for a schema that is none, or that cannot be read safely. */
export function createWriter(schema: RecordSchema): Writer {
  const guard = createGuard(schema, schema.name === BATCH ? 'batch_rows' : 'map_entries');
  const type = readingType(schema);
  const resolvers = new Map<Reader, ReturnType<avsc.Type['createResolver']>>();
  return {
    name: schema.name,
    schema,
    fingerprint: fingerprintOf(schema),
    decode: (reader, value, start) => {
      const body = value.subarray(start);
      guard(body);
      const resolver = resolvers.get(reader) ?? reader.type.createResolver(type);
      resolvers.set(reader, resolver);
      return reader.plain(reader.type.fromBuffer(body, resolver));
    },
  };
}

/** Throws where what `writer` wrote cannot be read as `reader`. */
export function checkReadable(reader: Reader, { schema }: Writer): void {
  reader.type.createResolver(readingType(schema));
}

export function fingerprintOf(schema: RecordSchema): bigint {
  return crc64Avro(JSON.stringify(avsc.Type.forSchema(schema as avsc.Schema).schema()));
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

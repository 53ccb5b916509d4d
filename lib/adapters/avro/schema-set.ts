import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import avsc from 'avsc';
import { mapsAsEntries } from './entries.ts';
import { crc64Avro } from './fingerprint.ts';
import { createGuard } from './guard.ts';
import { createPlain } from './plain.ts';
import { isRecord, type RecordSchema } from './schema.ts';

export type MessageName = 'Prediction' | 'Label' | 'Announcement' | 'Alert' | 'DeadLetter';

const MARKER = Buffer.from([0xc3, 0x01]);
const HEADER_BYTES = 10;

/** Bytes of a schema this version does not have. */
export class UnknownSchemaError extends Error {
  override readonly name = 'UnknownSchemaError';
}

interface Reader {
  type: avsc.Type;
  plain: (value: unknown) => unknown;
}

interface Writer {
  /** The record's name: which message it is. */
  name: string;
  guard: (bytes: Buffer) => void;
  type: avsc.Type;
  resolver: { [reader: string]: ReturnType<avsc.Type['createResolver']> };
}

/**
 * All schemas of a directory: `*.avsc` are the current ones, by which Driftline writes and reads; `history/*.avsc` are
 * further ones that records may have been written by, older or newer. Throws naming the file that cannot be used.
 */
export class SchemaSet {
  readonly #encoders = new Map<string, { type: avsc.Type; header: Buffer }>();
  readonly #readers = new Map<string, Reader>();
  readonly #writers = new Map<bigint, Writer>();

  constructor(directory: string = packagedSchemas()) {
    for (const { file, schema } of readSchemas(directory)) within(file, () => this.#addCurrent(schema));
    const history = join(directory, 'history');
    for (const { file, schema } of existsSync(history) ? readSchemas(history) : []) {
      within(file, () => this.#addWriter(schema));
    }
  }

  /** The message in Avro's single-object encoding, by the current schema. */
  encode(name: MessageName, message: unknown): Buffer {
    const { type, header } = this.#encoders.get(name)!;
    return Buffer.concat([header, type.toBuffer(message)]);
  }

  /**
   * Reads single-object bytes as the current schema has them: records as objects, maps as Maps. Throws UnknownSchemaError
   * for a fingerprint that is none of the set's or another message's, RangeError and others for bytes that are damaged.
   */
  decode(name: MessageName, value: Buffer): unknown {
    if (value.length < HEADER_BYTES) throw new RangeError(`${value.length} bytes are less than a single-object header`);
    const fingerprint = value.readBigUInt64LE(MARKER.length);
    const writer = this.#writers.get(fingerprint);
    if (writer?.name !== name) {
      const known = writer === undefined ? 'is not known here' : `is ${writer.name}, not ${name}`;
      throw new UnknownSchemaError(
        `the schema with fingerprint ${fingerprint.toString(16).padStart(16, '0')} ${known}`,
      );
    }
    const body = value.subarray(HEADER_BYTES);
    writer.guard(body);
    const reader = this.#readers.get(name)!;
    writer.resolver[name] ??= reader.type.createResolver(writer.type);
    return reader.plain(reader.type.fromBuffer(body, writer.resolver[name]));
  }

  #addCurrent(schema: RecordSchema): void {
    const type = avsc.Type.forSchema(schema as avsc.Schema);
    const header = Buffer.alloc(HEADER_BYTES);
    MARKER.copy(header);
    header.writeBigUInt64LE(fingerprintOf(type), MARKER.length);
    this.#encoders.set(schema.name, { type, header });
    this.#readers.set(schema.name, { type: readingType(schema), plain: createPlain(schema) });
    this.#addWriter(schema);
  }

  #addWriter(schema: RecordSchema): void {
    const fingerprint = fingerprintOf(avsc.Type.forSchema(schema as avsc.Schema));
    const writer = { name: schema.name, guard: createGuard(schema), type: readingType(schema), resolver: {} };
    // A schema that cannot be read by the current one is found here, at the start, and not with the first record.
    this.#readers.get(schema.name)?.type.createResolver(writer.type);
    this.#writers.set(fingerprint, writer);
  }
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

function fingerprintOf(type: avsc.Type): bigint {
  return crc64Avro(JSON.stringify(type.schema()));
}

function readSchemas(directory: string): { file: string; schema: RecordSchema }[] {
  const files = readdirSync(directory).filter((name) => name.endsWith('.avsc'));
  return files.sort().map((name) => {
    const file = join(directory, name);
    const schema = within(file, () => JSON.parse(readFileSync(file, 'utf8')) as RecordSchema);
    if (!isRecord(schema)) throw new TypeError(`${file}: not an Avro record`);
    return { file, schema };
  });
}

function within<T>(file: string, task: () => T): T {
  try {
    return task();
  } catch (error) {
    throw new Error(`${file}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}

/** The `schemas` folder that ships beside the code, in the checkout and in an installed build. */
function packagedSchemas(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'schemas', 'prediction.avsc'))) {
    if (dirname(folder) === folder) throw new Error('the folder schemas/ is missing from this installation');
    folder = dirname(folder);
  }
  return join(folder, 'schemas');
}

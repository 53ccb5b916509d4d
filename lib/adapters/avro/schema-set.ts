import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import avsc from 'avsc';
import { isRecord, type RecordSchema } from '../../core/avro/schema.ts';
import { checkReadable, createReader, createWriter, type Reader, UnknownSchemaError, type Writer } from './writer.ts';

export type MessageName = 'Prediction' | 'PredictionBatch' | 'Label' | 'Announcement' | 'Alert' | 'DeadLetter';

const MARKER = Buffer.from([0xc3, 0x01]);
/** Of the single-object encoding: the marker and the fingerprint. */
export const HEADER_BYTES = 10;

/**
 * All schemas of a directory: `*.avsc` are the current ones, by which Driftline writes and reads; `history/*.avsc` are
 * further ones that records may have been written by, older or newer. Throws naming the file that cannot be used.
 */
export class SchemaSet {
  readonly #encoders = new Map<string, { type: avsc.Type; header: Buffer; layout: string }>();
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
   * Whose bytes follow the single-object header. Throws UnknownSchemaError for a fingerprint that is none of the set's, a
   * RangeError for less than a header.
   */
  writerOf(value: Buffer): Writer {
    if (value.length < HEADER_BYTES) throw new RangeError(`${value.length} bytes are less than a single-object header`);
    const writer = this.#writers.get(value.readBigUInt64LE(MARKER.length));
    if (writer !== undefined) return writer;
    throw new UnknownSchemaError(`the schema with fingerprint ${fingerprintIn(value)} is not known here`);
  }

  reader(name: MessageName): Reader {
    return this.#readers.get(name)!;
  }

  /** Whether the writer's bytes are laid out exactly as the current schema of its name says. */
  isCurrent({ name, layout }: Writer): boolean {
    return this.#encoders.get(name)?.layout === layout;
  }

  #addCurrent(schema: RecordSchema): void {
    const writer = createWriter(schema);
    const header = Buffer.alloc(HEADER_BYTES);
    MARKER.copy(header);
    header.writeBigUInt64LE(writer.fingerprint, MARKER.length);
    const type = avsc.Type.forSchema(schema as avsc.Schema);
    this.#encoders.set(schema.name, { type, header, layout: writer.layout });
    this.#readers.set(schema.name, createReader(schema));
    this.#writers.set(writer.fingerprint, writer);
  }

  #addWriter(schema: RecordSchema): void {
    const writer = createWriter(schema);
    const reader = this.#readers.get(schema.name);
    // A schema that cannot be read by the current one is found here, at the start, and not with the first record.
    if (reader !== undefined) checkReadable(reader, writer);
    this.#writers.set(writer.fingerprint, writer);
  }
}

function fingerprintIn(value: Buffer): string {
  return value.readBigUInt64LE(MARKER.length).toString(16).padStart(16, '0');
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

import type { RecordMapping } from '../../core/events/record-mapping.ts';
import type { Rejection } from '../../core/events/types.ts';
import type { SchemaRegistry } from '../../ports/schema-registry.ts';
import { type MappedRecord, mappedRecord } from './mapped-record.ts';
import { CONFLUENT_BYTES, RegisteredSchemas } from './registered-schemas.ts';
import { attempt, refuse } from './rejections.ts';
import { HEADER_BYTES, type MessageName, type SchemaSet } from './schema-set.ts';
import type { Writer } from './writer.ts';

const CONFLUENT = 0x00;
const SINGLE_OBJECT = 0xc3;

/** Whose bytes a value holds, and where they begin. */
export interface Source {
  writer: Writer;
  start: number;
}

/** Whether the first bytes say that the rest is Avro; 0xC3 without 0x01 behind it is nothing at all. */
export function isAvro(value: Uint8Array): boolean {
  return value[0] === CONFLUENT || value[0] === SINGLE_OBJECT;
}

/** Finds the schema that a value was written by: one of the set's or, by the id in it, of the registry's. */
export class Sources {
  readonly set: SchemaSet;
  readonly #registered: RegisteredSchemas | null;
  readonly #mappings: ReadonlyMap<string, RecordMapping>;
  /** Of single-object encoding: the fingerprint's halves. */
  #last: { low: number; high: number; source: Source } | null = null;

  constructor(set: SchemaSet, registry: SchemaRegistry | null, mappings: readonly RecordMapping[]) {
    this.set = set;
    this.#mappings = new Map(mappings.map((mapping) => [mapping.schema, mapping]));
    this.#registered = registry === null ? null : new RegisteredSchemas(registry);
  }

  /** Of a value that `isAvro`. */
  of(value: Buffer): Source | Rejection {
    if (value[0] === CONFLUENT) return this.#confluent(value);
    if (value[1] !== 0x01)
      return refuse('malformed_avro', 'after 0xC3 a single-object value goes on with 0x01').rejection;
    return value.length < HEADER_BYTES ? this.#lookUp(value) : this.#sameAsLast(value);
  }

  /** Most records have the fingerprint of the one before. */
  #sameAsLast(value: Buffer): Source | Rejection {
    const low = value.readUInt32LE(2);
    const high = value.readUInt32LE(6);
    const last = this.#last;
    if (last !== null && last.low === low && last.high === high) return last.source;
    const source = this.#lookUp(value);
    if (!('code' in source)) this.#last = { low, high, source };
    return source;
  }

  #lookUp(value: Buffer): Source | Rejection {
    const known = attempt(() => this.set.writerOf(value));
    return known.ok ? { writer: known.value, start: HEADER_BYTES } : known.rejection;
  }

  /** How the configuration says that the writer's records are to be read as predictions; null: not at all. */
  mapped(writer: Writer): MappedRecord | null {
    const mapping = this.#mappings.get(writer.fullName);
    return mapping === undefined ? null : mappedRecord(writer, mapping);
  }

  /** The value as plain values of the current schema of this name. */
  decode(name: MessageName, value: Buffer): ReturnType<typeof attempt<unknown>> {
    const source = this.of(value);
    return 'code' in source ? { ok: false, rejection: source } : this.decodeAs(name, source, value);
  }

  decodeAs(name: MessageName, { writer, start }: Source, value: Buffer): ReturnType<typeof attempt<unknown>> {
    return attempt(() => writer.decode(this.set.reader(name), value, start));
  }

  missing(value: Buffer): number | null {
    if (value[0] !== CONFLUENT || this.#registered === null || value.length < CONFLUENT_BYTES) return null;
    const id = value.readUInt32BE(1);
    return this.#registered.get(id) === null ? id : null;
  }

  async ask(id: number): Promise<void> {
    await this.#registered?.ask(id);
  }

  #confluent(value: Buffer): Source | Rejection {
    if (this.#registered === null) {
      return refuse('unknown_schema', 'Confluent wire format needs schema_registry, which is not configured').rejection;
    }
    if (value.length < CONFLUENT_BYTES) {
      return refuse('malformed_avro', `${value.length} bytes are less than Confluent wire format has`).rejection;
    }
    const id = value.readUInt32BE(1);
    const registered = this.#registered.get(id) ?? { problem: `schema ${id} has not been asked for` };
    if ('problem' in registered) return refuse('unknown_schema', registered.problem).rejection;
    return { writer: registered, start: CONFLUENT_BYTES };
  }
}

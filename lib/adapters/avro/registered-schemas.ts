import avsc from 'avsc';
import { isRecord, type RecordSchema } from '../../core/avro/schema.ts';
import type { RegisteredSchema, SchemaRegistry } from '../../ports/schema-registry.ts';
import { createWriter, type Writer } from './writer.ts';

/** Of Confluent wire format: a zero, and the schema's id. */
export const CONFLUENT_BYTES = 5;
/** The registry's ids are positive 32-bit numbers: nobody needs to be asked about others. */
const LAST_ID = 0x7f_ff_ff_ff;
/** A schema that was not there may be registered yet. */
const UNKNOWN_FOR_MS = 60_000;
const MOST_KNOWN = 10_000;

/** A writer, or why there is none. */
export type Registered = Writer | { problem: string };

/** What a schema registry has said, by id. */
export class RegisteredSchemas {
  readonly #registry: SchemaRegistry;
  readonly #known = new Map<number, { registered: Registered; until: number }>();
  readonly #asked = new Map<number, Promise<void>>();

  constructor(registry: SchemaRegistry) {
    this.#registry = registry;
  }

  /** null: `ask` first. */
  get(id: number): Registered | null {
    if (id > LAST_ID) return { problem: `${id} is no id of a schema` };
    const known = this.#known.get(id);
    if (known === undefined) return null;
    return known.until === Number.POSITIVE_INFINITY || known.until >= Date.now() ? known.registered : null;
  }

  /** Asks the registry, once at a time. Rejects with RegistryUnavailableError while it is away. */
  ask(id: number): Promise<void> {
    const asked = this.#asked.get(id) ?? this.#fetch(id).finally(() => this.#asked.delete(id));
    this.#asked.set(id, asked);
    return asked;
  }

  async #fetch(id: number): Promise<void> {
    const schema = await this.#registry.schema(id);
    if (this.#known.size >= MOST_KNOWN) this.#known.clear();
    const problem = `the schema registry has no schema ${id}`;
    if (schema === null) this.#known.set(id, { registered: { problem }, until: Date.now() + UNKNOWN_FOR_MS });
    else this.#known.set(id, { registered: registered(id, schema), until: Number.POSITIVE_INFINITY });
  }
}

function registered(id: number, schema: RegisteredSchema): Registered {
  if (schema.type !== 'AVRO') return { problem: `schema ${id} of the registry is ${schema.type}, not Avro` };
  try {
    return createWriter(wholeSchema(schema.texts));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { problem: `schema ${id} of the registry cannot be used: ${reason}` };
  }
}

/** The last of the schemas with all it refers to written into it, without what only readers need. */
function wholeSchema(texts: readonly string[]): RecordSchema {
  const registry: { [name: string]: avsc.Type } = {};
  const types = texts.map((text) => avsc.Type.forSchema(withoutExtras(JSON.parse(text)) as avsc.Schema, { registry }));
  const schema = types.at(-1)!.schema() as RecordSchema;
  if (!isRecord(schema)) throw new TypeError('an event is a record');
  return schema;
}

/** Of a schema what its bytes depend on: defaults and the like may be wrong without harm. */
function withoutExtras(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(withoutExtras);
  if (typeof schema !== 'object' || schema === null) return schema;
  const {
    default: _default,
    aliases: _aliases,
    logicalType: _type,
    doc: _doc,
    ...rest
  } = schema as Record<string, unknown>;
  return Object.fromEntries(
    Object.entries(rest).map(([key, value]) => [key, key === 'symbols' ? value : withoutExtras(value)]),
  );
}

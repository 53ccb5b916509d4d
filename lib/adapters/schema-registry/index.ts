import { type RegisteredSchema, RegistryUnavailableError, type SchemaRegistry } from '../../ports/schema-registry.ts';

export interface SchemaRegistryOptions {
  /** Such as `http://127.0.0.1:8085`. */
  url: string;
  /** ms for one request, answer included. */
  timeoutMs?: number;
}

const DEFAULT_TIMEOUT_MS = 10_000;
const ACCEPT = 'application/vnd.schemaregistry.v1+json, application/json';
/** "Schema not found": what alone says that an id is nobody's. Other answers of 404 come from elsewhere. */
const NO_SUCH_SCHEMA = 40_403;
/** Schemas that one refers to, over all levels. */
const MOST_REFERENCES = 1_000;
const LONGEST_ANSWER = 200;

interface Reference {
  name: string;
  subject: string;
  version: number;
}

interface Answer {
  schema: string;
  schemaType?: string;
  references?: readonly Reference[];
}

/**
 * A schema registry through the REST API of Confluent's:
 * https://docs.confluent.io/platform/current/schema-registry/develop/api.html
 */
export function createSchemaRegistry(options: SchemaRegistryOptions): SchemaRegistry {
  const registry = new HttpRegistry(options);
  return { schema: (id) => registry.schema(id) };
}

class HttpRegistry {
  readonly #url: string;
  readonly #timeoutMs: number;

  constructor({ url, timeoutMs = DEFAULT_TIMEOUT_MS }: SchemaRegistryOptions) {
    this.#url = url.replace(/\/+$/, '');
    this.#timeoutMs = timeoutMs;
  }

  async schema(id: number): Promise<RegisteredSchema | null> {
    const path = `/schemas/ids/${id}`;
    const { status, body } = await this.#get(path);
    if (status === 404 && codeOf(body) === NO_SUCH_SCHEMA) return null;
    const answer = this.#answerOf(path, status, body);
    const texts = new Map<string, string>();
    await this.#addReferences(answer, texts);
    return { type: answer.schemaType ?? 'AVRO', texts: [...texts.values(), answer.schema] };
  }

  /** Those that are referred to go before whoever refers to them. */
  async #addReferences({ references = [] }: Answer, texts: Map<string, string>, above: string[] = []): Promise<void> {
    for (const { subject, version } of references) {
      const path = `/subjects/${encodeURIComponent(subject)}/versions/${version}`;
      // A schema cannot refer to itself; a registry that says so would be followed for ever.
      if (texts.has(path) || above.includes(path)) continue;
      if (texts.size + above.length >= MOST_REFERENCES) this.#fail(path, `more than ${MOST_REFERENCES} references`);
      const { status, body } = await this.#get(path);
      const answer = this.#answerOf(path, status, body);
      await this.#addReferences(answer, texts, [...above, path]);
      texts.set(path, answer.schema);
    }
  }

  async #get(path: string): Promise<{ status: number; body: string }> {
    try {
      const response = await fetch(this.#url + path, {
        headers: { accept: ACCEPT },
        redirect: 'manual',
        signal: AbortSignal.timeout(this.#timeoutMs),
      });
      return { status: response.status, body: await response.text() };
    } catch (cause) {
      throw new RegistryUnavailableError(`schema registry ${this.#url}${path}: no answer`, { cause });
    }
  }

  #answerOf(path: string, status: number, body: string): Answer {
    const answer = status === 200 ? parse(body) : null;
    if (isAnswer(answer)) return answer;
    return this.#fail(path, `unexpected answer ${status}: ${body.slice(0, LONGEST_ANSWER)}`);
  }

  #fail(path: string, reason: string): never {
    throw new RegistryUnavailableError(`schema registry ${this.#url}${path}: ${reason}`);
  }
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return null;
  }
}

function codeOf(body: string): unknown {
  const answer = parse(body) as { error_code?: unknown } | null;
  return answer?.error_code;
}

function isAnswer(value: unknown): value is Answer {
  const { schema, references = [] } = (value ?? {}) as Partial<Answer>;
  return typeof schema === 'string' && Array.isArray(references) && references.every(isReference);
}

function isReference(value: unknown): value is Reference {
  const { subject, version } = (value ?? {}) as Partial<Reference>;
  return typeof subject === 'string' && typeof version === 'number';
}

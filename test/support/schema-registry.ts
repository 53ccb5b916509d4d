import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

interface Registered {
  schema: string;
  schemaType?: string;
  references?: { name: string; subject: string; version: number }[];
}

const MEDIA = 'application/vnd.schemaregistry.v1+json';

/**
 * A schema registry by the contract of Confluent's REST API, as far as Driftline and the Python client use it: ids over
 * all subjects, versions by subject, error codes. `violations` lists requests that a real one would not have understood.
 */
export class ContractRegistry {
  readonly violations: string[] = [];
  /** Paths of all requests answered. */
  readonly requests: string[] = [];
  /** Answers instead of the contract's, while set: status and body; null: the connection is cut. */
  trouble: { status: number; body: string } | null | undefined;
  readonly #schemas: Registered[] = [];
  readonly #subjects = new Map<string, number[]>();
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((request, response) => void this.#answer(request, response));
  }

  static async start(): Promise<ContractRegistry> {
    const registry = new ContractRegistry();
    await new Promise<void>((resolve) => {
      registry.#server.listen(0, '127.0.0.1', resolve);
    });
    return registry;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** As POST /subjects/{subject}/versions does; returns the id. The same schema has one id under all subjects. */
  register(subject: string, registered: Registered): number {
    const same = this.#schemas.findIndex((one) => JSON.stringify(one) === JSON.stringify(registered));
    const id = same >= 0 ? same + 1 : this.#schemas.push(registered);
    const versions = this.#subjects.get(subject) ?? [];
    if (!versions.includes(id)) versions.push(id);
    this.#subjects.set(subject, versions);
    return id;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname } = new URL(request.url ?? '', this.url);
    this.requests.push(`${request.method} ${pathname}`);
    if (this.trouble === null) {
      request.socket.destroy();
      return;
    }
    const { status, body } = this.trouble ?? (await this.#contract(request, pathname));
    response.writeHead(status, { 'content-type': MEDIA }).end(body);
  }

  async #contract(request: IncomingMessage, path: string): Promise<{ status: number; body: string }> {
    const accepts = request.headers.accept ?? '*/*';
    if (!/application\/(vnd\.schemaregistry(\.v1)?\+)?json|\*\/\*/.test(accepts)) return this.#violate(406, path);
    const byId = /^\/schemas\/ids\/(\d+)$/.exec(path);
    const version = /^\/subjects\/([^/]+)\/versions\/(\d+|latest)$/.exec(path);
    const versions = /^\/subjects\/([^/]+)\/versions$/.exec(path);
    const lookup = /^\/subjects\/([^/]+)$/.exec(path);
    if (request.method === 'GET' && byId !== null) return this.#byId(Number(byId[1]));
    if (request.method === 'GET' && version !== null)
      return this.#version(decodeURIComponent(version[1]!), version[2]!);
    if (request.method === 'POST' && versions !== null) {
      const registered = JSON.parse(await textOf(request)) as Registered;
      const id = this.register(decodeURIComponent(versions[1]!), registered);
      return { status: 200, body: JSON.stringify({ id }) };
    }
    if (request.method === 'POST' && lookup !== null) return problem(404, 40_403, 'Schema not found');
    return this.#violate(405, `${request.method} ${path}`);
  }

  #byId(id: number): { status: number; body: string } {
    const found = this.#schemas[id - 1];
    if (found === undefined) return problem(404, 40_403, `Schema ${id} not found`);
    // AVRO is what is meant where no type is given.
    return { status: 200, body: JSON.stringify(found) };
  }

  #version(subject: string, version: string): { status: number; body: string } {
    const ids = this.#subjects.get(subject);
    if (ids === undefined) return problem(404, 40_401, `Subject '${subject}' not found.`);
    const at = version === 'latest' ? ids.length : Number(version);
    const id = ids[at - 1];
    if (id === undefined) return problem(404, 40_402, `Version ${version} not found.`);
    return { status: 200, body: JSON.stringify({ subject, id, version: at, ...this.#schemas[id - 1] }) };
  }

  #violate(status: number, what: string): { status: number; body: string } {
    this.violations.push(what);
    return problem(status, status, what);
  }
}

function problem(status: number, code: number, message: string): { status: number; body: string } {
  return { status, body: JSON.stringify({ error_code: code, message }) };
}

async function textOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString('utf8');
}

/** Bytes as Confluent's serializers send them. */
export function confluent(id: number, body: Buffer): Buffer {
  const header = Buffer.alloc(5);
  header.writeUInt32BE(id, 1);
  return Buffer.concat([header, body]);
}

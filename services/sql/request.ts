import type { FastifyRequest } from 'fastify';
import { receive } from './body.ts';
import { exception } from './exception.ts';

/** One request in the terms of ClickHouse's HTTP interface. */
export interface SqlRequest {
  /** The `query` parameter; empty when the body holds the whole statement. */
  query: string;
  /** Whether the body was a form, whose fields have been taken out. */
  isForm: boolean;
  /** Content-Encoding, lower case; empty for none. */
  encoding: string;
  database: string;
  format: string;
  queryId: string | null;
  /** `param_x`, still in ClickHouse's escaped text. */
  params: ReadonlyMap<string, string>;
  settings: ReadonlyMap<string, string>;
  /** GET reads only, as in ClickHouse. */
  method: string;
  user: string;
  password: string;
}

const OWN = new Set(['query', 'database', 'default_format', 'query_id', 'user', 'password']);

/** All of a request but its body, `most` bytes of which may be a form. */
export async function readRequest(request: FastifyRequest, most: number): Promise<SqlRequest> {
  const url = new URL(request.raw.url ?? '/', 'http://sql');
  const fields = new Map(url.searchParams);
  const type = request.headers['content-type'] ?? '';
  const isForm = /^multipart\/form-data/i.test(type);
  if (isForm)
    for (const [name, value] of await readForm(await receive(request.raw, most), type)) fields.set(name, value);
  const credentials = readCredentials(request, fields);
  const header = (name: string) => String(request.headers[name] ?? '');
  return {
    query: fields.get('query') ?? '',
    isForm,
    encoding: header('content-encoding').toLowerCase().replace('identity', ''),
    database: fields.get('database') ?? header('x-clickhouse-database'),
    format: fields.get('default_format') ?? (header('x-clickhouse-format') || 'TabSeparated'),
    queryId: fields.get('query_id') || null,
    params: pick(fields, (name) => (name.startsWith('param_') ? name.slice('param_'.length) : null)),
    settings: pick(fields, (name) => (OWN.has(name) || name.startsWith('param_') ? null : name)),
    method: request.method,
    ...credentials,
  };
}

function pick(fields: ReadonlyMap<string, string>, rename: (name: string) => string | null): Map<string, string> {
  const picked = new Map<string, string>();
  for (const [name, value] of fields) {
    const renamed = rename(name);
    if (renamed !== null) picked.set(renamed, value);
  }
  return picked;
}

async function readForm(body: Buffer, type: string): Promise<[string, string][]> {
  const form = await new Response(new Uint8Array(body), { headers: { 'content-type': type } })
    .formData()
    .catch(() => null);
  if (form === null) throw exception('BAD_ARGUMENTS', 'the multipart form cannot be read');
  return [...form].map(([name, value]) => {
    if (typeof value === 'string') return [name, value];
    throw exception('NOT_IMPLEMENTED', `external data (the file ${JSON.stringify(name)}) is not supported`);
  });
}

/** Headers, then basic authentication, then URL parameters, as ClickHouse looks for them. */
function readCredentials(request: FastifyRequest, fields: ReadonlyMap<string, string>) {
  const user = request.headers['x-clickhouse-user'];
  if (user !== undefined) return { user: String(user), password: String(request.headers['x-clickhouse-key'] ?? '') };
  const basic = /^Basic (.+)$/i.exec(request.headers.authorization ?? '')?.[1];
  if (basic !== undefined) {
    const [name, ...rest] = Buffer.from(basic, 'base64').toString('utf8').split(':');
    return { user: name ?? '', password: rest.join(':') };
  }
  return { user: fields.get('user') ?? 'default', password: fields.get('password') ?? '' };
}

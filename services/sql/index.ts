import { createHash, randomUUID, timingSafeEqual } from 'node:crypto';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { quoteIdentifier } from '../../lib/core/sql/params.ts';
import { type Engine, EngineError, type EngineSession } from '../../lib/ports/engine.ts';
import { never } from '../../lib/runtime/deferred.ts';
import { describeError } from '../../lib/runtime/errors.ts';
import { listen } from '../../lib/runtime/listen.ts';
import type { Service, ServiceContext } from '../../lib/runtime/service.ts';
import { receiveBlocks } from './blocks.ts';
import { receive, receiveData } from './body.ts';
import { createBodyFiles } from './body-file.ts';
import { contentType } from './content-type.ts';
import { decodeBody } from './decode.ts';
import { exception, exceptionText, httpStatus } from './exception.ts';
import { type Answer, type Executor, execute, executeInsert, type Limits } from './execute.ts';
import { createGate } from './gate.ts';
import type { EngineNames } from './guard.ts';
import { beforeData, findData, type Insert, isInsert } from './insert.ts';
import { readRequest, type SqlRequest } from './request.ts';
import { isInBlocks } from './settings.ts';

export interface SqlServerOptions {
  engine: Engine;
  host: string;
  /** 0 takes any free port. */
  port: number;
  /** False: one statement that reads, within the limits. True: everything, for whoever reaches the port. */
  writable: boolean;
  /** Where unqualified names live; also what a client's `default` means. Created when missing. */
  database: string;
  logger?: ServiceContext['logger'];
  /** Asked of every request when given; the user's name does not matter. */
  password?: string;
  limits?: Partial<Limits>;
  /** Statements running at once, and those that may wait for their turn. */
  concurrency?: { running: number; waiting: number };
  maxBodyBytes?: number;
}

export type SqlServer = Service & { readonly url: string };

const NO_NAMES: EngineNames = { functions: new Set(), tableFunctions: new Set() };
const LIMITS: Limits = { seconds: 30, rows: 1_000_000, bytes: 256 * 2 ** 20, memoryBytes: 2 * 2 ** 30 };

/** ClickHouse's HTTP protocol in front of the embedded engine (see the README beside this). `url` is known once started. */
export function createSqlServer(options: SqlServerOptions): SqlServer {
  const { engine, database, writable } = options;
  const executor: Executor = {
    engine,
    database,
    writable,
    limits: { ...LIMITS, ...options.limits },
    names: NO_NAMES,
    files: createBodyFiles(engine.dir),
  };
  const server = createHttpServer(options, executor);
  let url = '';
  return {
    name: 'sql',
    get url() {
      return url;
    },
    async start() {
      executor.names = await prepareEngine(engine, database);
      url = await listen(server, { host: options.host, port: options.port });
    },
    stop: async () => {
      await server.close();
      await executor.files.close();
    },
    notReady: () => (url === '' ? 'not listening yet' : null),
    failed: never(),
  };
}

async function prepareEngine(engine: Engine, database: string): Promise<EngineNames> {
  const session = engine.session();
  try {
    await session.run(`CREATE DATABASE IF NOT EXISTS ${quoteIdentifier(database)}`);
    return {
      functions: await readNames(session, 'functions'),
      tableFunctions: await readNames(session, 'table_functions'),
    };
  } finally {
    session.close();
  }
}

async function readNames(session: EngineSession, table: string): Promise<Set<string>> {
  const { bytes } = await session.run(`SELECT lower(name) FROM system.${table}`, 'TSV');
  return new Set(Buffer.from(bytes).toString('utf8').trim().split('\n'));
}

/** Bytes of a body, as sent and unpacked. */
function bodyLimit({ maxBodyBytes, writable }: SqlServerOptions): number {
  return maxBodyBytes ?? (writable ? 256 : 4) * 2 ** 20;
}

function createHttpServer(options: SqlServerOptions, executor: Executor): FastifyInstance {
  const server = fastify({
    // A GET carries its statement in the URL.
    http: { maxHeaderSize: 2 ** 20 },
    forceCloseConnections: 'idle',
  });
  server.removeAllContentTypeParsers();
  // Bodies are read by whoever answers, once it is known what they are.
  server.addContentTypeParser('*', (_request, _body, done) => done(null));
  const { running, waiting } = options.concurrency ?? { running: 8, waiting: 100 };
  const gate = createGate(running, waiting);
  server.get('/ping', (_request, reply) => reply.type('text/html; charset=UTF-8').send('Ok.\n'));
  server.route({
    method: ['GET', 'POST'],
    url: '/',
    handler: (request, reply) => answer(request, reply, { options, executor, gate }),
  });
  server.setErrorHandler((error, request, reply) => {
    // Who is told has not sent everything yet, and nobody reads it.
    if (!request.raw.complete) {
      reply.header('connection', 'close');
      request.raw.resume();
    }
    return sendError(reply, error, options.logger);
  });
  server.setNotFoundHandler((_request, reply) =>
    reply.code(404).type('text/plain').send('There is no such page; POST a query to /\n'),
  );
  return server;
}

interface Handling {
  options: SqlServerOptions;
  executor: Executor;
  gate: ReturnType<typeof createGate>;
}

async function answer(raw: FastifyRequest, reply: FastifyReply, { options, executor, gate }: Handling) {
  const most = bodyLimit(options);
  const request = await readRequest(raw, most);
  reply.header('X-ClickHouse-Server-Display-Name', 'driftline');
  reply.header('X-ClickHouse-Timezone', 'UTC');
  reply.header('X-ClickHouse-Query-Id', request.queryId ?? randomUUID());
  if (options.password !== undefined) checkPassword(request, options.password);
  // A browser or a health check: ClickHouse greets them.
  if (request.method === 'GET' && request.query === '') return reply.type('text/html; charset=UTF-8').send('Ok.\n');
  const insert = options.writable ? insertOfBody(request) : null;
  const handling = { options, executor, gate };
  const result = insert === null ? await run(raw, request, handling) : await load(raw, request, insert, handling);
  reply.header('X-ClickHouse-Format', result.format);
  reply.header('X-ClickHouse-Summary', summary(result));
  return reply
    .type(contentType(result.format))
    .send(Buffer.from(result.bytes.buffer, result.bytes.byteOffset, result.bytes.byteLength));
}

/** The parameter's INSERT, where the body is its data and nothing else. */
function insertOfBody({ query, isForm, method }: SqlRequest): Insert | null {
  if (isForm || method === 'GET' || !isInsert(query)) return null;
  const text = Buffer.from(beforeData(query)).toString('latin1');
  const insert = findData(text);
  return insert !== null && insert.format !== 'Values' && insert.dataAt === text.length ? insert : null;
}

async function run(raw: FastifyRequest, request: SqlRequest, { options, executor, gate }: Handling): Promise<Answer> {
  const { engine, writable } = options;
  const most = bodyLimit(options);
  if (isInBlocks(request.settings)) {
    throw exception(
      'NOT_IMPLEMENTED',
      'decompress=1 is supported for the data of an INSERT in the query parameter only',
    );
  }
  const sent = request.isForm ? Buffer.alloc(0) : await receive(raw.raw, most);
  return gate(async () => {
    const body = await decodeBody(sent, request.encoding, { engine, files: executor.files, most, writable });
    return execute(executor, request, body);
  });
}

async function load(
  raw: FastifyRequest,
  request: SqlRequest,
  insert: Insert,
  { options, executor, gate }: Handling,
): Promise<Answer> {
  const place = { files: executor.files, most: bodyLimit(options) };
  const data = isInBlocks(request.settings)
    ? await receiveBlocks(raw.raw, request.encoding, place)
    : await receiveData(raw.raw, request.encoding, place);
  try {
    return await gate(() => executeInsert(executor, request, insert, data));
  } finally {
    await data.file.close();
  }
}

function checkPassword({ password }: SqlRequest, expected: string): void {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  if (timingSafeEqual(digest(password), digest(expected))) return;
  throw exception(
    'AUTHENTICATION_FAILED',
    'Authentication failed: password is incorrect, or there is no user with such name.',
  );
}

function summary({ rows, rowBytes, elapsedSeconds }: Answer): string {
  return JSON.stringify({
    result_rows: String(rows),
    result_bytes: String(rowBytes),
    elapsed_ns: String(Math.round(elapsedSeconds * 1e9)),
  });
}

function sendError(reply: FastifyReply, error: unknown, logger: SqlServerOptions['logger']) {
  const known = asEngineError(error);
  if (known.code === 1002) logger?.error({ err: error }, 'a SQL request failed');
  reply.header('X-ClickHouse-Exception-Code', String(known.code));
  return reply.code(httpStatus(known)).type('text/plain; charset=UTF-8').send(exceptionText(known));
}

function asEngineError(error: unknown): EngineError {
  if (error instanceof EngineError) return error;
  return new EngineError(describeError(error), 1002, 'UNKNOWN_EXCEPTION', { cause: error });
}

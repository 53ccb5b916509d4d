import { quoteIdentifier, quoteString } from '../../lib/core/sql/params.ts';
import type { Engine, EngineResult, EngineSession } from '../../lib/ports/engine.ts';
import type { Data } from './body.ts';
import type { BodyFiles } from './body-file.ts';
import { exception } from './exception.ts';
import { type EngineNames, requireReading } from './guard.ts';
import { beforeData, findData, type Insert, isInsert } from './insert.ts';
import { putData, runInsert } from './insert-data.ts';
import { markQuotedNames, restoreQuotedNames } from './quoted-names.ts';
import type { SqlRequest } from './request.ts';
import { chooseSettings, type Setting } from './settings.ts';

export interface Limits {
  /** Seconds a statement may run on the read-only port. */
  seconds: number;
  rows: number;
  bytes: number;
  memoryBytes: number;
}

export interface Executor {
  engine: Engine;
  database: string;
  writable: boolean;
  limits: Limits;
  names: EngineNames;
  files: BodyFiles;
}

export interface Answer extends EngineResult {
  /** The output format really used. */
  format: string;
}

/** Bytes in which the statement of an INSERT ends. */
const HEAD = 262_144;
const EMPTY: EngineResult = { bytes: new Uint8Array(), rows: 0, rowBytes: 0, elapsedSeconds: 0 };

/** Runs a request's statement on a connection of its own. Throws EngineError. */
export function execute(executor: Executor, request: SqlRequest, body: Buffer): Promise<Answer> {
  return onConnection(executor, request, (session) =>
    executor.writable ? runAny(session, executor, request, body) : read(session, executor, request, body),
  );
}

/** Runs an INSERT whose data have come in already, on a connection of its own. Throws EngineError. */
export function executeInsert(executor: Executor, request: SqlRequest, insert: Insert, data: Data): Promise<Answer> {
  return onConnection(executor, request, (session) => runData(session, request, insert, data));
}

async function onConnection(
  executor: Executor,
  request: SqlRequest,
  work: (session: EngineSession) => Promise<Answer>,
): Promise<Answer> {
  const settings = chooseSettings(request.settings, executor.writable);
  const session = executor.engine.session();
  try {
    await prepare(session, executor, request, settings);
    return await work(session);
  } finally {
    session.close();
  }
}

async function prepare(session: EngineSession, executor: Executor, request: SqlRequest, settings: readonly Setting[]) {
  // The engine's own `default` is empty here: who asks for it means the server's.
  const database = ['', 'default'].includes(request.database) ? executor.database : request.database;
  await session.run(`USE ${quoteIdentifier(database)}`);
  const params = [...request.params].map(([name, value]): Setting => [paramSetting(name), value]);
  const own = executor.writable ? [['max_query_size', '268435456'] as const] : limitSettings(executor.limits);
  // First, because parameters may be longer than a statement may be by default.
  await setAll(session, own);
  await setAll(session, [...settings, ...params]);
  if (!executor.writable) await session.run('SET readonly = 1');
  else if (request.method === 'GET') await session.run('SET readonly = 2');
}

async function setAll(session: EngineSession, settings: readonly Setting[]): Promise<void> {
  if (settings.length === 0) return;
  await session.run(`SET ${settings.map(([name, value]) => `${name} = ${quoteString(value)}`).join(', ')}`);
}

function paramSetting(name: string): string {
  if (!/^\w+$/.test(name)) throw exception('BAD_ARGUMENTS', `${JSON.stringify(name)} is no parameter name`);
  return `param_${name}`;
}

function limitSettings({ seconds, rows, bytes, memoryBytes }: Limits): Setting[] {
  return [
    ['max_execution_time', `${seconds}`],
    ['timeout_overflow_mode', 'throw'],
    ['max_result_rows', `${rows}`],
    ['max_result_bytes', `${bytes}`],
    ['result_overflow_mode', 'throw'],
    ['max_memory_usage', `${memoryBytes}`],
    ['max_query_size', '1048576'],
    ['allow_ddl', '0'],
    ['allow_introspection_functions', '0'],
  ];
}

/** What was parsed and judged is what runs: the engine's own formatting, not the text that came. */
async function read(
  session: EngineSession,
  { names, limits }: Executor,
  request: SqlRequest,
  body: Buffer,
): Promise<Answer> {
  const canonical = await parseOne(session, wholeStatement(request, body));
  requireReading(canonical, names);
  const result = await session.run(canonical, request.format);
  if (result.bytes.length > limits.bytes) {
    throw exception('TOO_MANY_ROWS_OR_BYTES', `Limit for result exceeded, max bytes: ${limits.bytes}`);
  }
  return { ...result, format: formatOf(canonical, request.format) };
}

async function runAny(session: EngineSession, executor: Executor, request: SqlRequest, body: Buffer): Promise<Answer> {
  const { query, format } = request;
  if (isInsert(query === '' ? body.toString('latin1', 0, HEAD) : query)) {
    const whole = query === '' ? body : Buffer.concat([Buffer.from(beforeData(query)), body]);
    const insert = findData(whole.toString('latin1', 0, HEAD));
    if (insert === null) return { ...(await session.run(wholeStatement(request, body))), format };
    const data = await putData(whole.subarray(insert.dataAt), insert, executor.files);
    try {
      return await runData(session, request, insert, data);
    } finally {
      await data.file.close();
    }
  }
  const statement = wholeStatement(request, body);
  const canonical = await parseOne(session, statement);
  return { ...(await session.run(statement, format)), format: formatOf(canonical, format) };
}

async function runData(session: EngineSession, request: SqlRequest, insert: Insert, data: Data): Promise<Answer> {
  if (request.method === 'GET')
    throw exception('READONLY', 'Cannot execute query in readonly mode: INSERT needs POST.');
  const started = performance.now();
  await runInsert(session, insert, data, request.settings);
  return { ...EMPTY, elapsedSeconds: (performance.now() - started) / 1000, format: insert.format };
}

/** As in ClickHouse, the parameter and the body are one statement. */
function wholeStatement({ query }: SqlRequest, body: Buffer): string {
  const statement = body.length === 0 ? query : `${query}${query === '' ? '' : '\n'}${body.toString('utf8')}`;
  if (statement.includes('\0')) throw exception('SYNTAX_ERROR', 'a statement cannot hold a NUL character');
  if (statement.trim() === '') throw exception('SYNTAX_ERROR', 'Empty query');
  return statement;
}

/** The engine's own formatting of the statement; it refuses more than one. */
async function parseOne(session: EngineSession, statement: string): Promise<string> {
  const marked = markQuotedNames(statement);
  const { bytes } = await session.run(`SELECT formatQuery(${quoteString(marked)})`, 'RawBLOB');
  return restoreQuotedNames(Buffer.from(bytes).toString('utf8'));
}

function formatOf(canonical: string, fallback: string): string {
  return /\nFORMAT `?(\w+)`?(?:\s*SETTINGS [^\n]*)?$/.exec(canonical)?.[1] ?? fallback;
}

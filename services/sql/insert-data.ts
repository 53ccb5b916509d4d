import { EngineError, type EngineSession } from '../../lib/ports/engine.ts';
import type { Data } from './body.ts';
import type { BodyFiles } from './body-file.ts';
import { exception } from './exception.ts';
import type { Insert } from './insert.ts';

/** Data that came with their statement, in a file. */
export async function putData(bytes: Buffer, insert: Insert, files: BodyFiles): Promise<Data> {
  if (insert.format === 'Values') refuseSecondStatement(bytes);
  const file = await files.take();
  try {
    await file.append(bytes);
    return { file, compression: 'none' };
  } catch (error) {
    await file.close();
    throw error;
  }
}

/**
 * The engine reads all data from a file, byte by byte as they are. Behind a statement's own text it takes an empty line for
 * their end and what follows for the next statement, and of bytes that are no UTF-8 it never hears.
 */
export async function runInsert(
  session: EngineSession,
  insert: Insert,
  { file, compression }: Data,
  settings: ReadonlyMap<string, string>,
): Promise<void> {
  if (file.length === 0) return;
  // One block, so that data that break at their end leave nothing of their beginning.
  const whole = ['min_insert_block_size_rows', 'min_insert_block_size_bytes'].filter((name) => !settings.has(name));
  if (whole.length > 0) await session.run(`SET ${whole.map((name) => `${name} = ${2 ** 40}`).join(', ')}`);
  try {
    await session.run(insert.fromFile(file.path, compression));
  } catch (error) {
    throw error instanceof EngineError ? withoutFile(error) : error;
  }
}

/** Whoever sent the data knows of no file. */
function withoutFile({ message, code, type }: EngineError): EngineError {
  const told = message
    .replace(/\s*\(in file\/uri [^)]*\)/g, '')
    .replace(/: (?:While executing File: )?data for INSERT was parsed from file/g, '')
    .replace(/: While reading from: \/dev\/fd\/\d+/g, '');
  return new EngineError(told, code, type);
}

/** The engine would leave out what follows. */
function refuseSecondStatement(bytes: Buffer): void {
  if (!bytes.includes(';')) return;
  const text = bytes.toString('latin1').replace(/'(?:[^'\\]|\\[\s\S]|'')*'/g, "''");
  if (/;\s*[^\s;]/.test(text)) {
    throw exception('SYNTAX_ERROR', 'Multi-statements are not allowed: there is more behind the ";" after VALUES');
  }
}

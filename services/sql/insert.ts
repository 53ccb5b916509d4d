import { isUtf8 } from 'node:buffer';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { quoteString } from '../../lib/core/sql/params.ts';
import { exception } from './exception.ts';

/** An INSERT taken apart: the statement up to and with its FORMAT, and the data that follow. */
export interface Insert {
  head: string;
  format: string;
  data: Buffer;
}

/** Formats whose data are text that the engine reads behind the statement itself. Others go through a file. */
const TEXT_FORMATS =
  /^(JSON(EachRow|CompactEachRow|CompactEachRowWithNames|CompactEachRowWithNamesAndTypes|StringsEachRow)|CSV(WithNames|WithNamesAndTypes)?|T(SV|abSeparated)(Raw|WithNames|WithNamesAndTypes)?|Values|LineAsString|TSKV)$/i;
const LEADING = /^(?:\s|--[^\n]*\n|\/\*[\s\S]*?\*\/)*/;

export function isInsert(statement: string): boolean {
  return /^INSERT\b/i.test(statement.replace(LEADING, ''));
}

/**
 * Takes an INSERT apart: `query` holds the statement and `body` the data, or `body` holds both. Null for an INSERT without
 * data of its own (… SELECT, … VALUES in the statement): it runs as it is.
 */
export function splitInsert(query: string, body: Buffer): Insert | null {
  if (query !== '') {
    const head = query.trim().replace(/;\s*$/, '');
    const format = /\bFORMAT\s+(\w+)$/i.exec(head)?.[1] ?? (/\bVALUES$/i.test(head) ? 'Values' : null);
    if (format !== null) return { head, format, data: body };
    if (body.length === 0) return null;
    return { head: `${head} FORMAT Values`, format: 'Values', data: body };
  }
  const text = body.subarray(0, 262_144).toString('latin1');
  const match = /^[\s\S]*?\bFORMAT\s+(\w+)[ \t]*(?:\r?\n|$)/i.exec(text);
  if (match?.[1] === undefined || /\bSELECT\b|\bVALUES\b/i.test(match[0])) return null;
  return {
    head: body.subarray(0, match[0].length).toString('utf8').trim(),
    format: match[1],
    data: body.subarray(match[0].length),
  };
}

/**
 * Runs an insert of data: text behind the statement, all else (binary formats, bytes that are no UTF-8) from a file, which
 * the engine reads byte by byte as it is.
 */
export async function runInsert(insert: Insert, run: (sql: string) => Promise<void>): Promise<void> {
  if (insert.data.length === 0) return;
  if (TEXT_FORMATS.test(insert.format) && isUtf8(insert.data)) {
    return run(`${insert.head}\n${insert.data.toString('utf8')}`);
  }
  const dir = await mkdtemp(join(tmpdir(), 'driftline-insert-'));
  try {
    const path = join(dir, 'body');
    await writeFile(path, insert.data);
    await run(fromFile(insert.head, path));
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

function fromFile(head: string, path: string): string {
  if (/\bSELECT\b/i.test(head)) {
    throw exception('NOT_IMPLEMENTED', 'INSERT … SELECT FROM input() takes only text formats here');
  }
  const tail = /(\bSETTINGS\b[\s\S]*)?\bFORMAT\s+\w+$/i.exec(head);
  if (tail === null) throw exception('SYNTAX_ERROR', 'the INSERT names no FORMAT for its data');
  return `${head.slice(0, tail.index)} FROM INFILE ${quoteString(path)} COMPRESSION 'none' ${tail[0]}`;
}

import { quoteString } from '../../lib/core/sql/params.ts';
import { exception } from './exception.ts';

/** An INSERT whose data follow it. */
export interface Insert {
  format: string;
  /** The statement that takes the data from a file, `compression` being none, or what the engine has to undo. */
  fromFile(path: string, compression: string): string;
}

/** Where an INSERT's data begin in the text that was looked at. */
export interface InsertText extends Insert {
  dataAt: number;
}

// biome-ignore format: one alternative after the other
const TOKEN =
  /\s+|--[^\n]*|\/\*[\s\S]*?\*\/|'(?:[^'\\]|\\[\s\S]|'')*'|`(?:[^`\\]|\\[\s\S]|``)*`|"(?:[^"\\]|\\[\s\S]|"")*"|[A-Za-z_\x80-\xff][\w$\x80-\xff]*|\d[\w.]*|[\s\S]/g;
const LEADING = /^(?:\s|--[^\n]*\n|\/\*[\s\S]*?\*\/)*/;
/** After these comes a name, whatever it looks like. */
const NAMES_NEXT = new Set(['INSERT', 'INTO', 'TABLE', 'FUNCTION', '.']);

export function isInsert(statement: string): boolean {
  return /^INSERT\b/i.test(statement.replace(LEADING, ''));
}

/** The `query` parameter as ClickHouse puts it before the body. */
export function beforeData(query: string): string {
  return `${query.replace(/\s*;?\s*$/, '')}\n`;
}

interface Word {
  /** Upper case. */
  text: string;
  at: number;
  end: number;
}

/**
 * Finds where an INSERT's own data begin: after FORMAT and its name, or after VALUES. Null for an INSERT without any (…
 * SELECT, FROM INFILE): it runs as it is. `text` has one character a byte (latin1), and may be cut off within the data.
 */
export function findData(text: string): InsertText | null {
  const words = topLevelWords(text);
  const first = (...names: string[]) => words.findIndex((word) => names.includes(word.text));
  const format = first('FORMAT');
  const select = first('SELECT', 'WITH', '(SELECT');
  if (select >= 0 || first('INFILE') >= 0) {
    if (format > select && words.some((word) => word.text === 'INPUT(')) refuseInput();
    return null;
  }
  const values = first('VALUES');
  if (values >= 0 && (format < 0 || values < format)) return takeValues(text, words, values);
  const name = words[format + 1];
  return format < 0 || name === undefined ? null : takeFormat(text, words, format, name);
}

function refuseInput(): never {
  throw exception(
    'NOT_IMPLEMENTED',
    'INSERT … SELECT … FROM input() is not supported here: insert into a table of the same columns, then select from that',
  );
}

function takeValues(text: string, words: readonly Word[], values: number): InsertText {
  const { at, end } = words[values]!;
  return { ...insertion(text, words, at, 'FORMAT Values', 'Values'), dataAt: end };
}

function takeFormat(text: string, words: readonly Word[], format: number, name: Word): InsertText {
  const written = text.slice(name.at, name.end);
  // As ClickHouse has it: blanks, and then at most one line break.
  const gap = /^[ \t\f]*\r?\n?/.exec(text.slice(name.end, name.end + 1_000))?.[0].length ?? 0;
  const found = insertion(text, words, words[format]!.at, `FORMAT ${written}`, written);
  return { ...found, dataAt: name.end + gap };
}

/** FROM INFILE goes before the SETTINGS. */
function insertion(text: string, words: readonly Word[], end: number, tail: string, format: string): Insert {
  const settings = words.find((word) => word.text === 'SETTINGS')?.at ?? end;
  const bytes = (from: number, to: number) => Buffer.from(text.slice(from, to), 'latin1').toString('utf8');
  const head = bytes(0, settings);
  const between = bytes(settings, end);
  return {
    format,
    fromFile: (path, compression) =>
      `${head} FROM INFILE ${quoteString(path)} COMPRESSION ${quoteString(compression)} ${between} ${tail}`,
  };
}

/**
 * The words of an INSERT outside brackets, names of its target left out, up to where its data may begin. `(SELECT` and
 * `INPUT(` stand for what brackets begin with.
 */
function topLevelWords(text: string): Word[] {
  const words: Word[] = [];
  let depth = 0;
  let before = '';
  for (const { 0: token, index } of text.matchAll(TOKEN)) {
    if (/^(?:\s|--|\/\*)/.test(token)) continue;
    const word = { text: token.toUpperCase(), at: index, end: index + token.length };
    if (token === '(' && before === 'INPUT') words.push({ ...word, text: 'INPUT(' });
    if (before === '(' && depth === 1 && word.text === 'SELECT') words.push({ ...word, text: '(SELECT' });
    if (depth === 0 && /^[A-Z_]/.test(word.text) && !NAMES_NEXT.has(before)) words.push(word);
    // A keyword in the place of a name, as in INSERT INTO, is none.
    else if (NAMES_NEXT.has(word.text) && NAMES_NEXT.has(before)) words.push(word);
    if (token === '(') depth += 1;
    if (token === ')') depth -= 1;
    if (isLast(words, text)) break;
    before = word.text;
  }
  return words;
}

/** Behind VALUES, and behind FORMAT and a name, there are data, which are no words. */
function isLast(words: readonly Word[], text: string): boolean {
  const [before, last] = [words.at(-2), words.at(-1)];
  if (last === undefined) return false;
  const selected = words.some((word) => /^(?:SELECT|WITH|\(SELECT)$/.test(word.text));
  if (selected) return false;
  return last.text === 'VALUES' || (before?.text === 'FORMAT' && last.end <= text.length);
}

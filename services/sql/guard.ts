import { exception } from './exception.ts';
import { type Token, tokenize } from './tokens.ts';

/** Table functions that read nothing but their arguments and tables of this engine. All others are refused. */
// biome-ignore format: a list of names
export const PURE_TABLE_FUNCTIONS = new Set([
  'format', 'fuzzjson', 'generate_series', 'generaterandom', 'generateseries', 'null', 'numbers', 'numbers_mt', 'primes',
  'values', 'view', 'viewexplain', 'zeros', 'zeros_mt',
]);

/** Scalar functions that reach files, the network, the machine, or models and dictionaries kept outside the tables. */
const OUTSIDE_FUNCTIONS =
  /^(file|catboost\w*|hascolumnintable|reversednsquery|ai[a-z]\w*|addressto\w+|demangle|showcertificate|filesystem\w*|region(to|in|hier)\w*|zookeeper\w*|keeper\w*|naivebayes\w*|modelevaluate|dictget\w*|dicthas|dictisin|logtrace|trap|getmacro|python|shell|executable\w*|eval|url|urlcluster)$/;

/** System tables that act when they are read, or read files of the machine. */
const OUTSIDE_TABLES = /^(stack_trace|zookeeper\w*|certificates|text_log|crash_log|named_collections|server_settings)$/;

const READING = new Set(['SELECT', 'WITH', 'SHOW', 'DESCRIBE', 'DESC', 'EXISTS', 'EXPLAIN', '(']);
const EXPLAINED =
  /^EXPLAIN (?:(?:AST|SYNTAX|QUERY TREE|PLAN|PIPELINE|ESTIMATE) )?(?:\w+ = \w+ ?,? ?)*(?:SELECT|WITH|\()/;

/**
 * Refuses (throws READONLY) a statement that could do more than read tables. `canonical` is the engine's own formatting of
 * the one statement that it parsed; `tableFunctions` are the engine's, in lower case. The connection's read-only mode and
 * limits stand behind this; alone they would let files be written and read and queries be killed.
 */
export function requireReading(canonical: string, tableFunctions: ReadonlySet<string>): void {
  const tokens = tokenize(canonical);
  const first = tokens[0]?.text.toUpperCase() ?? '';
  if (!READING.has(first)) {
    throw refusal(`${first || 'an empty statement'}: only SELECT, SHOW, DESCRIBE, EXISTS and EXPLAIN are served here`);
  }
  if (first === 'EXPLAIN' && !EXPLAINED.test(canonical.replace(/\s+/g, ' ')))
    throw refusal('only a SELECT is explained here');
  tokens.forEach((token, i) => {
    refuseToken(token, tokens.slice(i + 1, i + 4), tokens.slice(Math.max(0, i - 2), i), tableFunctions);
  });
}

function refuseToken(
  token: Token,
  next: readonly Token[],
  before: readonly Token[],
  tableFunctions: ReadonlySet<string>,
) {
  if (token.kind !== 'word' && token.kind !== 'quoted') return;
  const name = token.text.toLowerCase();
  const following = next[0]?.text;
  if (name === 'into' && following?.toUpperCase() === 'OUTFILE') throw refusal('INTO OUTFILE writes a file');
  if (name === 'identifier' && before.at(-1)?.text === ':')
    throw refusal('a parameter may not name a table or column here');
  // APPLY names a function without brackets.
  const applied = before.at(-1)?.text.toUpperCase() === 'APPLY';
  if (following === '(' || applied) refuseFunction(token.text, name, tableFunctions);
  if (before.at(-1)?.text === '.' && before.at(-2)?.text.toLowerCase() === 'system' && OUTSIDE_TABLES.test(name)) {
    throw refusal(`system.${token.text} is not served here`);
  }
}

function refuseFunction(written: string, name: string, tableFunctions: ReadonlySet<string>): void {
  const outside = OUTSIDE_FUNCTIONS.test(name) || (tableFunctions.has(name) && !PURE_TABLE_FUNCTIONS.has(name));
  if (outside) throw refusal(`function ${written} reaches outside the tables`);
}

function refusal(what: string): Error {
  return exception('READONLY', `Cannot execute query in readonly mode: ${what}.`);
}

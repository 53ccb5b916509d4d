import { exception } from './exception.ts';
import { type Token, tokenize } from './tokens.ts';

/** Table functions that read nothing but their arguments and tables of this engine. All others are refused. */
// biome-ignore format: a list of names
const PURE_TABLE_FUNCTIONS = new Set([
  'format', 'fuzzjson', 'generate_series', 'generaterandom', 'generateseries', 'null', 'numbers', 'numbers_mt', 'primes',
  'values', 'view', 'viewexplain', 'zeros', 'zeros_mt',
]);

/** Scalar functions that reach files, the network, the machine, the keeper, or models and dictionaries outside the tables. */
const OUTSIDE_FUNCTIONS =
  /^(file|catboost\w*|hascolumnintable|reversednsquery|ai(classify|embed|extract|generate|translate)|addressto\w+|demangle|showcertificate|filesystem\w*|region(to|in|hierarchy)\w*|zookeeper\w*|keeper\w*|generateserialid|naivebayesclassifier\w*|modelevaluate|dictget\w*|dicthas|dictisin|logtrace|getmacro|python|executable\w*|eval|__\w+)$/;

/** System tables that act when they are read, or show secrets. */
const OUTSIDE_TABLES = /^(stack_trace|zookeeper\w*|certificates|named_collections)$/;

/** What the engine has, by name in lower case. */
export interface EngineNames {
  functions: ReadonlySet<string>;
  tableFunctions: ReadonlySet<string>;
}

const READING = new Set(['SELECT', 'WITH', 'SHOW', 'DESCRIBE', 'DESC', 'EXISTS', 'EXPLAIN', '(']);
const EXPLAINED =
  /^EXPLAIN (?:(?:AST|SYNTAX|QUERY TREE|PLAN|PIPELINE|ESTIMATE) )?(?:\w+ = \w+ ?,? ?)*(?:SELECT|WITH|\()/;

/**
 * Refuses (throws READONLY) a statement that could do more than read tables. `canonical` is the engine's own formatting of
 * the one statement that it parsed, and what is then run. The connection's read-only mode and limits stand behind this;
 * alone they let files be written and read, queries be killed, and a subquery's SETTINGS lift the limits.
 */
export function requireReading(canonical: string, names: EngineNames): void {
  const tokens = tokenize(canonical);
  const first = tokens[0]?.text.toUpperCase() ?? '';
  if (!READING.has(first)) {
    throw refusal(`${first || 'an empty statement'}: only SELECT, SHOW, DESCRIBE, EXISTS and EXPLAIN are served here`);
  }
  if (first === 'EXPLAIN' && !EXPLAINED.test(canonical.replace(/\s+/g, ' ')))
    throw refusal('only a SELECT is explained here');
  tokens.forEach((token, i) => {
    if (token.kind === 'word') refuseClause(token, tokens[i - 1], tokens[i + 1], tokens[i + 2]);
    if (token.kind === 'word' || token.kind === 'quoted') refuseName(token.text, tokens[i - 1], tokens[i + 1], names);
  });
}

function refuseClause(
  word: Token,
  before: Token | undefined,
  next: Token | undefined,
  afterNext: Token | undefined,
): void {
  const keyword = word.text.toUpperCase();
  if (keyword === 'INTO' && next?.text.toUpperCase() === 'OUTFILE') throw refusal('INTO OUTFILE writes a file');
  if (keyword === 'SETTINGS' && next?.kind !== 'other' && afterNext?.text === '=') {
    throw refusal('a SETTINGS clause could lift the limits; leave it out, or send settings as URL parameters');
  }
  if (keyword === 'IDENTIFIER' && before?.text === ':')
    throw refusal('a parameter may not name a table or column here');
}

/**
 * A function is reached by a call, by APPLY, and by its bare name as an argument (`arrayMap(file, …)`), so that the scalar
 * ones are refused wherever their names stand; table functions only where they are called: `url` is also a column.
 */
function refuseName(written: string, before: Token | undefined, next: Token | undefined, names: EngineNames): void {
  const name = written.toLowerCase();
  if (OUTSIDE_TABLES.test(name)) throw refusal(`the table ${written} is not served here`);
  const called = next?.text === '(' || before?.text.toUpperCase() === 'APPLY';
  const scalar = OUTSIDE_FUNCTIONS.test(name) && (called || names.functions.has(name));
  const table = called && names.tableFunctions.has(name) && !PURE_TABLE_FUNCTIONS.has(name);
  if (scalar || table) throw refusal(`function ${written} reaches outside the tables`);
}

function refusal(what: string): Error {
  return exception('READONLY', `Cannot execute query in readonly mode: ${what}.`);
}

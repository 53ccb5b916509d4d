/** `text` as a ClickHouse string literal. */
export function quoteString(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}

/** `name` as a ClickHouse identifier, in backquotes. */
export function quoteIdentifier(name: string): string {
  return `\`${name.replaceAll('\\', '\\\\').replaceAll('`', '\\`')}\``;
}

const ESCAPES: Readonly<Record<string, string>> = {
  '\0': '\\0',
  '\b': '\\b',
  '\t': '\\t',
  '\n': '\\n',
  '\f': '\\f',
  '\r': '\\r',
  '\\': '\\\\',
  "'": "\\'",
};

function escapeText(text: string): string {
  // biome-ignore format: one class, every character ClickHouse's escaped text gives a meaning to
  return text.replace(/[\0\b\t\n\f\r\\']/g, (character) => ESCAPES[character] ?? character);
}

/**
 * A value as the text of a `{name:Type}` parameter ("escaped" as in TabSeparated), as the HTTP interface takes it in
 * `param_name`. Arrays nest; objects become maps. Throws TypeError for what has no such form (functions, symbols).
 */
export function formatParam(value: unknown): string {
  if (value === null || value === undefined) return '\\N';
  if (typeof value === 'string') return escapeText(value);
  if (typeof value === 'boolean') return value ? '1' : '0';
  return formatElement(value);
}

function formatElement(value: unknown): string {
  if (value === null || value === undefined) return 'NULL';
  switch (typeof value) {
    case 'string':
      return `'${escapeText(value)}'`;
    case 'number':
      return formatNumber(value);
    case 'bigint':
      return value.toString();
    case 'boolean':
      return value ? 'true' : 'false';
    case 'object':
      return formatObject(value);
    default:
      throw new TypeError(`a query parameter cannot be a ${typeof value}`);
  }
}

function formatNumber(value: number): string {
  if (Number.isFinite(value)) return Object.is(value, -0) ? '-0' : String(value);
  if (Number.isNaN(value)) return 'nan';
  return value > 0 ? 'inf' : '-inf';
}

function formatObject(value: object): string {
  if (Array.isArray(value)) return `[${value.map(formatElement).join(',')}]`;
  if (ArrayBuffer.isView(value)) return `[${Array.from(value as Float64Array, formatElement).join(',')}]`;
  if (value instanceof Date) return (value.getTime() / 1000).toFixed(3);
  const pairs = Object.entries(value).map(([key, item]) => `${formatElement(key)}:${formatElement(item)}`);
  return `{${pairs.join(',')}}`;
}

/** Names of the `{name:Type}` placeholders of a statement; quoted text is not looked into. */
export function placeholders(sql: string): string[] {
  const bare = sql.replace(/'(?:[^'\\]|\\.|'')*'|`(?:[^`\\]|\\.)*`|"(?:[^"\\]|\\.)*"|--[^\n]*|\/\*[\s\S]*?\*\//g, "''");
  return [...bare.matchAll(/\{\s*([A-Za-z_]\w*)\s*:/g)].map((match) => match[1] as string);
}

/**
 * One `SET param_a = …, param_b = …` for a connection that keeps parameters from query to query. Throws RangeError when
 * the statement names a parameter that is not given: the connection would silently use an earlier query's value.
 */
export function setParams(sql: string, params: Readonly<Record<string, unknown>>): string {
  const missing = placeholders(sql).find((name) => !Object.hasOwn(params, name));
  if (missing !== undefined) throw new RangeError(`Substitution \`${missing}\` is not set`);
  const entries = Object.entries(params);
  if (entries.length === 0) return '';
  const sets = entries.map(([name, value]) => {
    if (!/^[A-Za-z_]\w*$/.test(name)) throw new RangeError(`${JSON.stringify(name)} is no parameter name`);
    return `param_${name} = ${quoteString(formatParam(value))}`;
  });
  return `SET ${sets.join(', ')}; `;
}

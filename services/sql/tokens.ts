export interface Token {
  kind: 'word' | 'quoted' | 'string' | 'other';
  /** Words as written, quoted identifiers without their quotes. */
  text: string;
}

const TOKEN =
  /'(?:[^'\\]|\\[\s\S]|'')*'|`(?:[^`\\]|\\[\s\S]|``)*`|"(?:[^"\\]|\\[\s\S]|"")*"|[\p{L}_][\p{L}\p{N}_$]*|\d[\w.]*|\S/gu;

/** The words, identifiers and signs of a statement in the engine's own formatting, which has no comments. */
export function tokenize(canonical: string): Token[] {
  return (canonical.match(TOKEN) ?? []).map((text) => {
    if (text.startsWith("'")) return { kind: 'string', text };
    if (text.startsWith('`') || text.startsWith('"')) return { kind: 'quoted', text: unquote(text) };
    return { kind: /^[\p{L}_]/u.test(text) ? 'word' : 'other', text };
  });
}

function unquote(text: string): string {
  return text.slice(1, -1).replace(/\\([\s\S])|``|""/g, (_, escaped: string | undefined) => escaped ?? '`');
}

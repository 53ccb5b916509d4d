import { randomUUID } from 'node:crypto';

const MARK = `_${randomUUID().replaceAll('-', '')}`;
/** Identifiers that the engine's formatting leaves without quotes, though without them they are values. */
const VALUE_NAMES = /([`"])(nan|inf|infinity|true|false)\1/gi;
const MARKED = new RegExp(`([\`"]?)(nan|inf|infinity|true|false)${MARK}\\1`, 'gi');

/** The statement with such names marked, so that they can be told from values after formatting. */
export function markQuotedNames(statement: string): string {
  return statement.replace(VALUE_NAMES, `$1$2${MARK}$1`);
}

/** Puts back what `markQuotedNames` marked: names with quotes, texts as they were. */
export function restoreQuotedNames(canonical: string): string {
  return canonical.replace(MARKED, (_, quote: string, name: string) => {
    const around = quote === '' ? '`' : quote;
    return `${around}${name}${around}`;
  });
}

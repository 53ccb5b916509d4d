import { randomUUID } from 'node:crypto';

/** Stands for a number beyond the range of doubles while JSON.stringify, which would write null, does the rest. */
const BEYOND = `beyond-${randomUUID()}`;

/**
 * Compact JSON of a parsed value, or null where it nests too deeply to be written. Numbers beyond ±1.8e308, which
 * JSON.parse reads as infinite, stay numbers: an infinite value is counted as such, a null as missing.
 */
export function serialise(value: unknown): string | null {
  let beyond = false;
  const mark = (_key: string, item: unknown): unknown => {
    if (item !== Infinity && item !== -Infinity) return item;
    beyond = true;
    return item > 0 ? BEYOND : `-${BEYOND}`;
  };
  try {
    const text = JSON.stringify(value, mark);
    return beyond ? text.replaceAll(`"${BEYOND}"`, '1e999').replaceAll(`"-${BEYOND}"`, '-1e999') : text;
  } catch (error) {
    // JSON.parse takes any depth; JSON.stringify recurses.
    if (error instanceof RangeError) return null;
    throw error;
  }
}

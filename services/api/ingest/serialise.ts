import { randomUUID } from 'node:crypto';

/** Stands for a number beyond the range of doubles while JSON.stringify, which would write null, does the rest. */
const BEYOND = `beyond-${randomUUID()}`;

/**
 * Compact JSON of a parsed value. Numbers beyond ±1.8e308, which JSON.parse reads as infinite, stay numbers: an infinite
 * value is counted as such, a null as missing.
 */
export function serialise(value: unknown): string {
  let beyond = false;
  const text = JSON.stringify(value, (_key, item: unknown) => {
    if (item !== Infinity && item !== -Infinity) return item;
    beyond = true;
    return item > 0 ? BEYOND : `-${BEYOND}`;
  });
  return beyond ? text.replaceAll(`"${BEYOND}"`, '1e999').replaceAll(`"-${BEYOND}"`, '-1e999') : text;
}

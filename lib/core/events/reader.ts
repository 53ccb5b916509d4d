import { LIMITS } from './limits.ts';
import { isDimensionName, wellFormed } from './text.ts';
import { parseTimestamp } from './timestamp.ts';
import type { EventLimit, Rejection, RejectionCode } from './types.ts';

type Scalar = string | number | boolean;

/**
 * Reads the fields of one decoded object and keeps the first thing that is wrong with it. Every method returns something
 * usable even then, so that a parser reads straight on and asks once, at the end, for `problem`. A null field counts as
 * absent. Objects with free keys may be Maps (Avro) or plain objects (JSON); only own keys are looked at.
 */
export class FieldReader {
  problem: Rejection | null = null;
  readonly #fields: Readonly<Record<string, unknown>>;
  readonly #prefix: string;

  constructor(fields: Readonly<Record<string, unknown>>, prefix = '') {
    this.#fields = fields;
    this.#prefix = prefix;
  }

  reject(code: RejectionCode, path: string, message: string): void {
    this.problem ??= { code, path: this.#prefix + path, message };
  }

  rejectTooLarge(limit: EventLimit, path: string, message: string): void {
    this.problem ??= { code: 'too_large', path: this.#prefix + path, message, limit };
  }

  get(name: string): unknown {
    const value = Object.hasOwn(this.#fields, name) ? this.#fields[name] : undefined;
    return value === undefined ? null : value;
  }

  /** A short text, such as an id: at most `LIMITS.nameLength` characters. */
  id(name: string): string | null {
    const value = this.get(name);
    if (value === null) return null;
    if (typeof value !== 'string') this.reject('wrong_type', name, `expected a text, got ${kindOf(value)}`);
    else if (value.length > LIMITS.nameLength) this.#tooLong('name_length', name, LIMITS.nameLength);
    else return wellFormed(value);
    return null;
  }

  requiredId(name: string): string {
    const value = this.id(name);
    if (value === null || value === '') this.reject('missing_field', name, `${name} is required`);
    return value ?? '';
  }

  /** The name of a dimension (model, role). */
  dimension(name: string): string | null {
    const value = this.id(name);
    if (value !== null && value !== '' && !isDimensionName(value)) this.#badName(name);
    return value === '' ? null : value;
  }

  requiredDimension(name: string): string {
    const value = this.dimension(name);
    if (value === null) this.reject('missing_field', name, `${name} is required`);
    return value ?? '';
  }

  text(name: string): string | null {
    const value = this.get(name);
    if (value === null) return null;
    if (typeof value !== 'string') this.reject('wrong_type', name, `expected a text, got ${kindOf(value)}`);
    else if (value.length > LIMITS.textLength) this.#tooLong('text_length', name, LIMITS.textLength);
    else return wellFormed(value);
    return null;
  }

  number(name: string): number | null {
    const value = this.get(name);
    if (value === null || typeof value === 'number') return value;
    this.reject('wrong_type', name, `expected a number, got ${kindOf(value)}`);
    return null;
  }

  scalar(name: string): Scalar | null {
    const value = this.get(name);
    if (value === null || isScalar(value)) return typeof value === 'string' ? this.text(name) : value;
    this.reject('wrong_type', name, `expected a text, number or boolean, got ${kindOf(value)}`);
    return null;
  }

  timestamp(name: string): number {
    const value = this.get(name);
    if (value === null) this.reject('missing_field', name, `${name} is required`);
    const ms = parseTimestamp(value);
    if (ms === null) this.reject('bad_timestamp', name, 'expected ms since 1970 or ISO 8601, from 1970 to 9999');
    return ms ?? 0;
  }

  /** Entries of an object with free keys; null where there is none. */
  entries(name: string): [string, unknown][] | null {
    const value = this.get(name);
    if (value === null) return null;
    const entries =
      value instanceof Map ? [...(value as Map<string, unknown>)] : isObject(value) ? ownEntries(value) : null;
    if (entries === null) this.reject('wrong_type', name, `expected an object, got ${kindOf(value)}`);
    else if (entries.length > LIMITS.mapEntries)
      this.rejectTooLarge('map_entries', name, `more than ${LIMITS.mapEntries} entries`);
    else return entries;
    return null;
  }

  /** Dimension names to short texts; numbers and booleans are taken as text, nulls left out. */
  dimensions(name: string): Map<string, string> {
    const result = new Map<string, string>();
    for (const [key, value] of this.entries(name) ?? []) {
      const path = `${name}.${key}`;
      if (!isDimensionName(key)) this.#badName(path);
      else if (value === null || value === undefined) continue;
      else if (!isScalar(value)) this.reject('wrong_type', path, `expected a text, got ${kindOf(value)}`);
      else if (String(value).length > LIMITS.nameLength) this.#tooLong('name_length', path, LIMITS.nameLength);
      else result.set(key, wellFormed(String(value)));
    }
    return result;
  }

  /** Any names to numbers, nulls left out; null where the field is absent. */
  numbers(name: string): Map<string, number> | null {
    const entries = this.entries(name);
    if (entries === null) return null;
    const result = new Map<string, number>();
    for (const [key, value] of entries) {
      if (typeof value === 'number') result.set(wellFormed(key), value);
      else if (value !== null) this.reject('wrong_type', `${name}.${key}`, `expected a number, got ${kindOf(value)}`);
    }
    return result;
  }

  #tooLong(limit: EventLimit, path: string, characters: number): void {
    this.rejectTooLarge(limit, path, `more than ${characters} characters`);
  }

  #badName(path: string): void {
    this.reject('bad_name', path, 'names match ^[A-Za-z_][A-Za-z0-9_.:-]{0,127}$');
  }
}

export function isScalar(value: unknown): value is Scalar {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What people call the value's type, for messages. */
export function kindOf(value: unknown): string {
  if (value === null || value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'an array';
  return { string: 'a text', number: 'a number', boolean: 'a boolean' }[typeof value as string] ?? 'an object';
}

function ownEntries(value: Readonly<Record<string, unknown>>): [string, unknown][] {
  return Object.keys(value).map((key) => [key, value[key]]);
}

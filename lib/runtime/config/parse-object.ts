import { z } from 'zod';
import { formatPath, type Problem } from './problems.ts';
import type { Fields } from './schema.ts';

export type RawObject = Record<string, unknown>;

export function isObject(value: unknown): value is RawObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Parses each field of `raw` by itself and adds every mistake to `problems`, so that one bad field hides no other:
 * fields that failed are absent from the result, and rules over several fields still see the good ones. A nested object
 * whose only fault is an unknown key is kept without it.
 */
export function parseObject<S extends z.ZodRawShape>(
  shape: S,
  raw: RawObject,
  path: readonly PropertyKey[],
  problems: Problem[],
): Fields<S> {
  const fields: Record<string, unknown> = {};
  for (const key of Object.keys(raw)) {
    if (!Object.hasOwn(shape, key)) problems.push(unknownKey([...path, key], Object.keys(shape)));
  }
  for (const [key, schema] of Object.entries(shape)) {
    const result = z.safeParse(schema, raw[key]);
    if (!result.success) {
      problems.push(...result.error.issues.flatMap((issue) => fromIssue(issue, [...path, key], raw[key])));
    }
    const kept = result.success ? result : z.safeParse(schema, withoutUnknownKeys(raw[key], result.error.issues));
    if (kept.success) fields[key] = kept.data;
  }
  return fields as Fields<S>;
}

/** Also used for keys of the top level. */
export function unknownKey(path: readonly PropertyKey[], known: readonly string[]): Problem {
  return { path: formatPath(path), message: `unknown key (known here: ${known.join(', ')})` };
}

function fromIssue(issue: z.core.$ZodIssue, base: readonly PropertyKey[], value: unknown): Problem[] {
  const path = [...base, ...issue.path];
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ path: formatPath([...path, key]), message: 'unknown key' }));
  }
  if (issue.code === 'invalid_key') {
    return [
      { path: formatPath(path), message: `unknown key${issue.issues.map((inner) => ` (${inner.message})`).join('')}` },
    ];
  }
  if (issue.code === 'invalid_type') {
    const missing = valueAt(value, issue.path) === undefined;
    return [
      { path: formatPath(path), message: missing ? `is required (${issue.expected})` : `must be: ${issue.expected}` },
    ];
  }
  if (issue.code === 'invalid_value') {
    return [{ path: formatPath(path), message: `must be one of: ${issue.values.join(', ')}` }];
  }
  return [{ path: formatPath(path), message: lowerFirst(issue.message) }];
}

function withoutUnknownKeys(value: unknown, issues: readonly z.core.$ZodIssue[]): unknown {
  if (!isObject(value)) return value;
  const unknown = issues.flatMap((issue) => {
    if (issue.path.length === 0 && issue.code === 'unrecognized_keys') return issue.keys;
    return issue.code === 'invalid_key' ? [String(issue.path[0])] : [];
  });
  return Object.fromEntries(Object.entries(value).filter(([key]) => !unknown.includes(key)));
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  let current = value;
  for (const part of path)
    current = Array.isArray(current) ? current[Number(part)] : isObject(current) ? current[String(part)] : undefined;
  return current;
}

function lowerFirst(message: string): string {
  return message.charAt(0).toLowerCase() + message.slice(1);
}

import { z } from 'zod';
import { isObject, type RawObject } from './parse-object.ts';
import type { Problem } from './problems.ts';
import { LISTS, rootShape, SECTIONS } from './schema.ts';

const PREFIX = 'DRIFTLINE_';

export interface Setting {
  path: readonly string[];
  /** Such as DRIFTLINE_STORE_URL. */
  variable: string;
  schema: z.core.$ZodType;
}

/** Every setting that is one value or a list of values; lists of objects (models, monitors) have no variable. */
export const SETTINGS: readonly Setting[] = [
  ...Object.entries(rootShape).map(([key, schema]) => setting([key], schema)),
  ...Object.entries(SECTIONS).flatMap(([section, shape]) =>
    Object.entries(shape).map(([key, schema]) => setting([section, key], schema)),
  ),
];

function setting(path: string[], schema: z.core.$ZodType): Setting {
  return { path, variable: PREFIX + path.join('_').toUpperCase(), schema };
}

/**
 * Returns `raw` with the variables of `env` laid over it. An empty variable counts as unset (compose files pass
 * `${KEY:-}` on); an unknown DRIFTLINE_ variable is a mistake.
 */
export function overlayEnvironment(raw: RawObject, env: NodeJS.ProcessEnv, problems: Problem[]): RawObject {
  const known = new Map(SETTINGS.map((item) => [item.variable, item]));
  let result = raw;
  for (const [variable, value] of Object.entries(env)) {
    if (value === undefined || value === '' || !variable.startsWith(PREFIX) || isForeign(variable, value)) continue;
    const found = known.get(variable);
    if (found === undefined) problems.push({ path: variable, message: unknownVariable(variable) });
    else result = setAt(result, found.path, coerce(found.schema, value));
  }
  return result;
}

function unknownVariable(variable: string): string {
  const list = Object.keys(LISTS).find((key) => variable.startsWith(`${PREFIX}${key.toUpperCase()}`));
  return list === undefined ? 'unknown environment variable' : `${list} can only be set in the file`;
}

/** The test suite's own variables, and those Kubernetes adds for a Service whose name begins with `driftline`. */
function isForeign(variable: string, value: string): boolean {
  return (
    variable.startsWith(`${PREFIX}TEST_`) ||
    /_SERVICE_(HOST|PORT)(_\w+)?$/.test(variable) ||
    /^(tcp|udp):\/\//.test(value) ||
    /_PORT_\d+_(TCP|UDP)/.test(variable)
  );
}

/** The first reading of the text that the setting accepts: text, number, boolean, list; else the text, to be complained about. */
function coerce(schema: z.core.$ZodType, value: string): unknown {
  const readings: unknown[] = [value];
  if (/^-?\d+(\.\d+)?$/.test(value)) readings.push(Number(value));
  if (value === 'true' || value === 'false') readings.push(value === 'true');
  const list = value.split(',').map((item) => item.trim());
  readings.push(list.filter((item) => item !== ''));
  const accepted = readings.find((reading) => z.safeParse(schema, reading).success);
  return accepted ?? (isListSchema(schema) ? list : value);
}

/** A list setting complains about its items, not about being a text. */
function isListSchema(schema: z.core.$ZodType): boolean {
  const result = z.safeParse(schema, []);
  return result.success || result.error.issues.every((issue) => issue.code !== 'invalid_type');
}

/** A copy of `raw` with `value` at `path`; a parent that is no object is left for the schema to complain about. */
export function setAt(raw: RawObject, path: readonly string[], value: unknown): RawObject {
  const [head, ...rest] = path;
  if (head === undefined) return raw;
  if (rest.length === 0) return { ...raw, [head]: value };
  const child = raw[head] ?? {};
  return isObject(child) ? { ...raw, [head]: setAt(child, rest, value) } : raw;
}

import { z } from 'zod';
import type { MetricName } from '../../core/monitors/types.ts';
import { DAY_MS, parseDuration } from './durations.ts';

/**
 * Every key of the file with its type and default, section by section. docs/configuration.md describes each key and a
 * test compares the two both ways. What depends on more than one key is in rules.ts.
 */
const METRICS = ['psi', 'ks', 'chi2', 'missing_rate', 'unseen_rate'] as const satisfies readonly MetricName[];

/** Names of models, monitors and segments become parts of SQL values, ids and metric labels. */
const NAME = /^[A-Za-z_][A-Za-z0-9_.:-]{0,127}$/;
const LOOSE_NAME = /^[A-Za-z0-9_][A-Za-z0-9_.:-]{0,127}$/;

const text = () => z.string().trim().min(1, 'must not be empty');
const name = () =>
  z.string().regex(NAME, 'must begin with a letter or _ and hold only letters, digits and _.:- (at most 128)');
const looseName = () => z.string().regex(LOOSE_NAME, 'must hold only letters, digits and _.:- (at most 128)');
const port = () => z.number().int().min(0).max(65_535);
const httpUrl = () => z.url({ protocol: /^https?$/, error: 'must be an http:// or https:// URL' });

function uniqueList<T extends z.ZodType>(item: T) {
  return z.array(item).superRefine((values, ctx) => {
    values.forEach((value, index) => {
      if (values.indexOf(value) < index)
        ctx.addIssue({ code: 'custom', path: [index], message: `${value} is listed twice` });
    });
  });
}

function duration(minMs: number) {
  return z.string({ error: 'must be a duration such as 500ms, 5s, 1m, 1h or 1d' }).transform((value, ctx) => {
    const ms = parseDuration(value);
    if (ms !== null && ms >= minMs) return ms;
    const message = ms === null ? 'must be a duration such as 500ms, 5s, 1m, 1h or 1d' : `must be at least ${minMs}ms`;
    ctx.addIssue({ code: 'custom', message });
    return z.NEVER;
  });
}

/** Windows are aligned in local days, so a length must divide a day or be whole days. */
function windowLength() {
  return duration(1_000).refine(
    (ms) => DAY_MS % ms === 0 || ms % DAY_MS === 0,
    'must divide a day evenly, or be whole days',
  );
}

const timezone = () =>
  z.string().refine(isTimezone, 'is no IANA time zone (such as UTC or Europe/Berlin) that this system knows');

function isTimezone(value: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: value });
    return true;
  } catch {
    return false;
  }
}

const broker = () => z.string().regex(/^[^\s:]+:\d{1,5}$|^\[[0-9A-Fa-f:]+\]:\d{1,5}$/, 'must be host:port');

export const logShape = {
  kind: z.enum(['embedded', 'kafka']).optional(),
  brokers: uniqueList(broker()).optional(),
  group_prefix: looseName().optional(),
  encoding: z.enum(['json', 'avro']).default('json'),
  partitions: z.number().int().min(1).max(1_000).optional(),
  replication: z.number().int().min(1).max(9).optional(),
  session_timeout: duration(1_000).optional(),
};

export const storeShape = {
  kind: z.enum(['embedded', 'clickhouse']).optional(),
  url: httpUrl().optional(),
  database: z
    .string()
    .regex(/^[A-Za-z_][A-Za-z0-9_]{0,63}$/, 'must be a plain identifier')
    .default('driftline'),
  username: text().optional(),
  password: z.string().optional(),
  password_file: text().optional(),
};

export const httpShape = { host: text().default('127.0.0.1'), port: port().optional() };
export const sqlShape = {
  host: text().default('127.0.0.1'),
  port: port().default(8123),
  password_file: text().optional(),
};

export const pagerdutyShape = {
  base_url: httpUrl().default('https://events.pagerduty.com'),
  routing_key: text().optional(),
  routing_key_file: text().optional(),
};

export const schemaRegistryShape = { url: httpUrl() };

export const avroRecordShape = {
  schema: z
    .string()
    .regex(/^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*$/, 'must be the full name of an Avro record, such as com.acme.Scored'),
  model: name(),
  fields: z.strictObject({
    prediction_id: text(),
    timestamp: text(),
    version: text().optional(),
    role: text().optional(),
    score: text().optional(),
    prediction: text().optional(),
    value: text().optional(),
    label: text().optional(),
    latency_ms: text().optional(),
    error: text().optional(),
  }),
  ignore: uniqueList(text()).default([]),
};

export const aggregationShape = {
  flush_interval: duration(1).prefault('1s'),
  allowed_delay: duration(0).prefault('1m'),
  horizon: duration(0).prefault('7d'),
  idle_after: duration(1).prefault('30s'),
  future_skew: duration(0).prefault('5m'),
  chunk_size: z
    .number()
    .int()
    .min(16)
    .max(1_048_576)
    .refine((n) => Number.isInteger(Math.log2(n)), 'must be a power of two')
    .default(65_536),
  chunk_age: duration(1_000).prefault('1d'),
  dead_letter_limit: z.number().min(0).max(1).default(0.5),
  prediction_log: z.boolean().default(true),
};

export const retentionShape = {
  windows: duration(86_400_000).prefault('30d'),
  hours: duration(86_400_000).prefault('400d'),
};

export const modelShape = {
  name: name(),
  window: windowLength().prefault('1d'),
  timezone: timezone().default('UTC'),
  segments: uniqueList(name()).default([]),
  reference: z.strictObject({ name: looseName(), file: text() }).optional(),
  columns: z
    .strictObject({
      id: text().optional(),
      timestamp: text().optional(),
      score: text().optional(),
      prediction: text().optional(),
      value: text().optional(),
      label: text().optional(),
    })
    .default({}),
  categorical: uniqueList(text()).default([]),
  ignore: uniqueList(text()).default([]),
};

export const monitorShape = {
  name: name(),
  model: name(),
  target: z
    .union([text(), uniqueList(text()).min(1, 'must name at least one column')], {
      error: 'must be "*", a column or a list of columns',
    })
    .default('*'),
  metrics: uniqueList(z.enum(METRICS))
    .min(1, 'must name at least one metric')
    .default([...METRICS]),
  window: windowLength().optional(),
  baseline: looseName().optional(),
  threshold: z.partialRecord(z.enum(METRICS), z.number().positive()).default({}),
  min_samples: z.number().int().min(1).default(500),
  persistence: z.number().int().min(1).max(1_000).default(2),
  severity: z.enum(['critical', 'error', 'warning', 'info']).default('error'),
  segments: uniqueList(name()).default([]),
};

/** Keys at the top of the file that are single values. */
export const rootShape = {
  data_dir: text().default('./data'),
  public_url: httpUrl().optional(),
  ingest_keys_file: text().optional(),
};

/** Sections that are objects. */
export const SECTIONS = {
  log: logShape,
  store: storeShape,
  http: httpShape,
  sql: sqlShape,
  schema_registry: schemaRegistryShape,
  pagerduty: pagerdutyShape,
  aggregation: aggregationShape,
  retention: retentionShape,
};

/** Sections that are lists of objects. */
export const LISTS = { models: modelShape, monitors: monitorShape, avro_records: avroRecordShape };

export type Fields<S extends z.ZodRawShape> = { [K in keyof S]?: z.output<S[K]> };
export type Section<S extends z.ZodRawShape> = z.output<z.ZodObject<S>>;

import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import { overlayEnvironment, setAt } from './environment.ts';
import { isObject, parseObject, type RawObject, unknownKey } from './parse-object.ts';
import { ConfigError, formatPath, type Problem } from './problems.ts';
import { checkRules, type Draft } from './rules.ts';
import {
  aggregationShape,
  avroRecordShape,
  type Fields,
  httpShape,
  LISTS,
  logShape,
  modelShape,
  monitorShape,
  pagerdutyShape,
  retentionShape,
  rootShape,
  SECTIONS,
  schemaRegistryShape,
  sqlShape,
  storeShape,
} from './schema.ts';
import { checkReadable, checkRoutingKey, readSecret } from './secrets.ts';
import { readConfigFile } from './source.ts';
import { type Secrets, toConfig } from './to-config.ts';
import type { Config } from './types.ts';

export interface ConfigSources {
  /** YAML; absent: defaults, environment and flags alone. Relative files named in it are looked for beside it. */
  file?: string;
  env: NodeJS.ProcessEnv;
  /** By path, such as `{ data_dir: './x', 'http.port': 0 }`; they win over the environment, which wins over the file. */
  flags?: Readonly<Record<string, string | number | undefined>>;
}

/** Reads, checks and completes the configuration. Throws ConfigError with every mistake at once. */
export function loadConfig(sources: ConfigSources): Config {
  const problems: Problem[] = [];
  const baseDir = sources.file === undefined ? process.cwd() : dirname(resolve(sources.file));
  const fromFile = sources.file === undefined ? {} : readConfigFile(sources.file);
  const raw = overlayFlags(overlayEnvironment(dropNulls(fromFile), sources.env, problems), sources.flags ?? {});
  checkTopLevel(raw, problems);
  const draft = parseDraft(raw, problems);
  const root = parseObject(rootShape, pick(raw, Object.keys(rootShape)), [], problems);
  checkRules(draft, baseDir, problems);
  const secrets = readSecrets(draft, baseDir, problems);
  const ingestKeysFile = checkReadable(root.ingest_keys_file, ['ingest_keys_file'], baseDir, problems);
  if (problems.length > 0) throw new ConfigError(problems);
  return toConfig({
    root: z.strictObject(rootShape).parse(pick(raw, Object.keys(rootShape))),
    log: z.strictObject(logShape).parse(section(raw, 'log')),
    store: z.strictObject(storeShape).parse(section(raw, 'store')),
    http: z.strictObject(httpShape).parse(section(raw, 'http')),
    sql: z.strictObject(sqlShape).parse(section(raw, 'sql')),
    schemaRegistry:
      draft.schemaRegistry === null ? null : z.strictObject(schemaRegistryShape).parse(section(raw, 'schema_registry')),
    pagerduty: draft.pagerduty === null ? null : z.strictObject(pagerdutyShape).parse(section(raw, 'pagerduty')),
    aggregation: z.strictObject(aggregationShape).parse(section(raw, 'aggregation')),
    retention: z.strictObject(retentionShape).parse(section(raw, 'retention')),
    models: z.array(z.strictObject(modelShape)).parse(raw.models ?? []),
    monitors: z.array(z.strictObject(monitorShape)).parse(raw.monitors ?? []),
    avroRecords: z.array(z.strictObject(avroRecordShape)).parse(raw.avro_records ?? []),
    secrets,
    ingestKeysFile,
    baseDir,
  });
}

function parseDraft(raw: RawObject, problems: Problem[]): Draft {
  return {
    log: parseObject(logShape, section(raw, 'log'), ['log'], problems),
    store: parseObject(storeShape, section(raw, 'store'), ['store'], problems),
    http: parseObject(httpShape, section(raw, 'http'), ['http'], problems),
    sql: parseObject(sqlShape, section(raw, 'sql'), ['sql'], problems),
    schemaRegistry: isObject(raw.schema_registry)
      ? parseObject(schemaRegistryShape, raw.schema_registry, ['schema_registry'], problems)
      : null,
    pagerduty: isObject(raw.pagerduty) ? parseObject(pagerdutyShape, raw.pagerduty, ['pagerduty'], problems) : null,
    aggregation: parseObject(aggregationShape, section(raw, 'aggregation'), ['aggregation'], problems),
    retention: parseObject(retentionShape, section(raw, 'retention'), ['retention'], problems),
    models: parseList(modelShape, raw.models, 'models', problems),
    monitors: parseList(monitorShape, raw.monitors, 'monitors', problems),
    avroRecords: parseList(avroRecordShape, raw.avro_records, 'avro_records', problems),
  };
}

function parseList<S extends z.ZodRawShape>(shape: S, raw: unknown, key: string, problems: Problem[]): Fields<S>[] {
  if (!Array.isArray(raw)) return [];
  return raw.map((item, index) => {
    if (isObject(item)) return parseObject(shape, item, [key, index], problems);
    problems.push({ path: formatPath([key, index]), message: 'must hold keys and values' });
    return {};
  });
}

/** Unknown keys, and sections of the wrong form. */
function checkTopLevel(raw: RawObject, problems: Problem[]): void {
  const known = [...Object.keys(SECTIONS), ...Object.keys(rootShape), ...Object.keys(LISTS)];
  for (const [key, value] of Object.entries(raw)) {
    if (!known.includes(key)) problems.push(unknownKey([key], known));
    if (Object.hasOwn(SECTIONS, key) && !isObject(value))
      problems.push({ path: key, message: 'must hold keys and values' });
    if (Object.hasOwn(LISTS, key) && !Array.isArray(value)) problems.push({ path: key, message: 'must be a list' });
  }
}

function readSecrets(draft: Draft, baseDir: string, problems: Problem[]): Secrets {
  const { store, sql, pagerduty } = draft;
  const password = readSecret(store.password, store.password_file, ['store', 'password_file'], baseDir, problems);
  const keyPath = ['pagerduty', pagerduty?.routing_key_file === undefined ? 'routing_key' : 'routing_key_file'];
  const routingKey = readSecret(pagerduty?.routing_key, pagerduty?.routing_key_file, keyPath, baseDir, problems);
  checkRoutingKey(routingKey, keyPath, problems);
  const sqlPassword = readSecret(undefined, sql.password_file, ['sql', 'password_file'], baseDir, problems);
  return { password: password ?? '', routingKey: routingKey ?? '', sqlPassword };
}

function section(raw: RawObject, key: string): RawObject {
  const value = raw[key];
  return isObject(value) ? value : {};
}

function pick(raw: RawObject, keys: readonly string[]): RawObject {
  return Object.fromEntries(keys.filter((key) => Object.hasOwn(raw, key)).map((key) => [key, raw[key]]));
}

function overlayFlags(raw: RawObject, flags: NonNullable<ConfigSources['flags']>): RawObject {
  return Object.entries(flags).reduce(
    (result, [path, value]) => (value === undefined ? result : setAt(result, path.split('.'), value)),
    raw,
  );
}

/** A key without a value (`models:` with everything under it commented out) is as good as absent. */
function dropNulls(value: RawObject): RawObject {
  const entries = Object.entries(value).filter(([, item]) => item !== null && item !== undefined);
  return Object.fromEntries(entries.map(([key, item]) => [key, dropNullsIn(item)]));
}

function dropNullsIn(item: unknown): unknown {
  if (Array.isArray(item)) return item.map(dropNullsIn);
  return isObject(item) ? dropNulls(item) : item;
}

import { resolve } from 'node:path';
import type { ModelSpec, Monitor } from '../../core/monitors/types.ts';
import { logKind, storeKind } from './rules.ts';
import type {
  aggregationShape,
  avroRecordShape,
  httpShape,
  logShape,
  modelShape,
  monitorShape,
  pagerdutyShape,
  retentionShape,
  rootShape,
  Section,
  schemaRegistryShape,
  sqlShape,
  storeShape,
} from './schema.ts';
import type { Config } from './types.ts';

interface Checked {
  root: Section<typeof rootShape>;
  log: Section<typeof logShape>;
  store: Section<typeof storeShape>;
  http: Section<typeof httpShape>;
  sql: Section<typeof sqlShape>;
  schemaRegistry: Section<typeof schemaRegistryShape> | null;
  pagerduty: Section<typeof pagerdutyShape> | null;
  aggregation: Section<typeof aggregationShape>;
  retention: Section<typeof retentionShape>;
  models: readonly Section<typeof modelShape>[];
  monitors: readonly Section<typeof monitorShape>[];
  avroRecords: readonly Section<typeof avroRecordShape>[];
  secrets: Secrets;
  ingestKeysFile: string | null;
  baseDir: string;
}

/** Read from their files already. */
export interface Secrets {
  password: string;
  routingKey: string;
  sqlPassword: string | undefined;
}

/** From the file's names and units to the program's; nothing can fail here any more. */
export function toConfig(checked: Checked): Config {
  const models = checked.models.map((model) => toModel(model, checked.baseDir));
  return {
    log: toLog(checked.log),
    store: toStore(checked.store, checked.secrets.password),
    dataDir: resolve(checked.root.data_dir),
    http: { host: checked.http.host, port: checked.http.port ?? null },
    sql: toSql(checked.sql, checked.secrets.sqlPassword),
    schemaRegistry: checked.schemaRegistry === null ? null : { url: withoutSlash(checked.schemaRegistry.url) },
    pagerduty:
      checked.pagerduty === null
        ? null
        : { baseUrl: withoutSlash(checked.pagerduty.base_url), routingKey: checked.secrets.routingKey },
    publicUrl: checked.root.public_url === undefined ? null : withoutSlash(checked.root.public_url),
    ingestKeysFile: checked.ingestKeysFile,
    aggregation: toAggregation(checked.aggregation),
    retention: { windowsMs: checked.retention.windows, hoursMs: checked.retention.hours },
    models,
    monitors: checked.monitors.map((monitor) => toMonitor(monitor, models)),
    avroRecords: checked.avroRecords,
  };
}

function toSql({ host, port }: Checked['sql'], password: string | undefined): Config['sql'] {
  return { host, port, ...(password === undefined ? {} : { password }) };
}

function toLog(log: Checked['log']): Config['log'] {
  if (logKind(log) === 'embedded') return { kind: 'embedded', partitions: log.partitions ?? 1, encoding: log.encoding };
  return {
    kind: 'kafka',
    brokers: log.brokers ?? [],
    groupPrefix: log.group_prefix ?? 'driftline',
    encoding: log.encoding,
    partitions: log.partitions ?? 4,
    replication: log.replication ?? 1,
    sessionTimeoutMs: log.session_timeout ?? 30_000,
  };
}

function toStore(store: Checked['store'], password: string): Config['store'] {
  if (storeKind(store) === 'embedded') return { kind: 'embedded', database: store.database };
  return {
    kind: 'clickhouse',
    url: withoutSlash(store.url ?? ''),
    database: store.database,
    username: store.username ?? 'default',
    password,
  };
}

function toAggregation(aggregation: Checked['aggregation']): Config['aggregation'] {
  return {
    flushIntervalMs: aggregation.flush_interval,
    allowedDelayMs: aggregation.allowed_delay,
    horizonMs: aggregation.horizon,
    idleAfterMs: aggregation.idle_after,
    futureSkewMs: aggregation.future_skew,
    chunkSize: aggregation.chunk_size,
    chunkAgeMs: aggregation.chunk_age,
    deadLetterLimit: aggregation.dead_letter_limit,
    predictionLog: aggregation.prediction_log,
  };
}

function toModel(model: Section<typeof modelShape>, baseDir: string): ModelSpec {
  const { name, timezone, segments, reference, columns, categorical, ignore } = model;
  return {
    name,
    windowMs: model.window,
    timezone,
    segments,
    reference: reference === undefined ? null : { name: reference.name, file: resolve(baseDir, reference.file) },
    columns,
    categorical,
    ignore,
  };
}

/** Window and baseline default to the model's. */
function toMonitor(monitor: Section<typeof monitorShape>, models: readonly ModelSpec[]): Monitor {
  const model = models.find((candidate) => candidate.name === monitor.model);
  if (model?.reference == null) throw new Error(`monitor ${monitor.name} passed the checks without a reference`);
  return {
    name: monitor.name,
    model: monitor.model,
    target: typeof monitor.target === 'string' && monitor.target !== '*' ? [monitor.target] : toTarget(monitor.target),
    metrics: monitor.metrics,
    windowMs: model.windowMs,
    baseline: model.reference.name,
    threshold: monitor.threshold,
    minSamples: monitor.min_samples,
    persistence: monitor.persistence,
    severity: monitor.severity,
    segments: monitor.segments,
  };
}

function toTarget(target: string | readonly string[]): Monitor['target'] {
  return typeof target === 'string' ? '*' : target.includes('*') ? '*' : target;
}

function withoutSlash(url: string): string {
  return url.replace(/\/+$/, '');
}

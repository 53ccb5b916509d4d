import { existsSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { isLoopback } from '../listen.ts';
import { formatDuration } from './durations.ts';
import { formatPath, type Problem } from './problems.ts';
import type {
  aggregationShape,
  avroRecordShape,
  Fields,
  httpShape,
  logShape,
  modelShape,
  monitorShape,
  pagerdutyShape,
  retentionShape,
  schemaRegistryShape,
  sqlShape,
  storeShape,
} from './schema.ts';

/** What was read; fields with mistakes of their own are absent, and rules about them are silent. */
export interface Draft {
  log: Fields<typeof logShape>;
  store: Fields<typeof storeShape>;
  http: Fields<typeof httpShape>;
  sql: Fields<typeof sqlShape>;
  /** null: no such section. */
  schemaRegistry: Fields<typeof schemaRegistryShape> | null;
  pagerduty: Fields<typeof pagerdutyShape> | null;
  aggregation: Fields<typeof aggregationShape>;
  retention: Fields<typeof retentionShape>;
  models: Fields<typeof modelShape>[];
  monitors: Fields<typeof monitorShape>[];
  avroRecords: Fields<typeof avroRecordShape>[];
}

type Report = (path: readonly PropertyKey[], message: string) => void;

/** Every rule that needs more than one key, or the disk. `baseDir` is where relative files are looked for. */
export function checkRules(draft: Draft, baseDir: string, problems: Problem[]): void {
  const report: Report = (path, message) => problems.push({ path: formatPath(path), message });
  checkLog(draft.log, report);
  checkStore(draft.store, report);
  checkSql(draft.sql, report);
  checkPorts(draft, report);
  checkPagerduty(draft.pagerduty, report);
  checkAggregation(draft.aggregation, report);
  checkNames(draft.models, 'models', report);
  checkNames(draft.monitors, 'monitors', report);
  checkAvroRecords(draft, report);
  for (const [index, model] of draft.models.entries()) checkModel(model, ['models', index], baseDir, report);
  for (const [index, monitor] of draft.monitors.entries()) {
    checkMonitor(monitor, ['monitors', index], draft.models, report);
  }
}

export function logKind(log: Draft['log']): 'embedded' | 'kafka' {
  return log.kind ?? (log.brokers === undefined ? 'embedded' : 'kafka');
}

export function storeKind(store: Draft['store']): 'embedded' | 'clickhouse' {
  return store.kind ?? (store.url === undefined ? 'embedded' : 'clickhouse');
}

function checkLog(log: Draft['log'], report: Report): void {
  if (!isKnown(log, 'kind') || !isKnown(log, 'brokers')) return;
  if (logKind(log) === 'embedded')
    onlyFor(log, ['brokers', 'group_prefix', 'replication', 'session_timeout'], 'log', 'kafka', report);
  else if ((log.brokers ?? []).length === 0) {
    report(['log', 'brokers'], 'kind: kafka needs at least one broker (host:port)');
  }
}

function checkStore(store: Draft['store'], report: Report): void {
  onlyOne(store, 'password', 'password_file', ['store'], report);
  if (!isKnown(store, 'kind') || !isKnown(store, 'url')) return;
  if (storeKind(store) === 'embedded') {
    onlyFor(store, ['url', 'username', 'password', 'password_file'], 'store', 'clickhouse', report);
  } else if (store.url === undefined) report(['store', 'url'], 'kind: clickhouse needs the URL of the server');
}

/** Nothing is open beyond loopback without a secret. */
function checkSql(sql: Draft['sql'], report: Report): void {
  if (sql.host === undefined || sql.password_file !== undefined || isLoopback(sql.host)) return;
  report(['sql', 'host'], `${sql.host} can be reached by others: set sql.password_file, or listen on 127.0.0.1`);
}

/** False where the field has a mistake of its own, which must not be reported as an absence too. */
function isKnown<T extends object>(section: T, key: keyof T): boolean {
  return Object.hasOwn(section, key);
}

function onlyFor<T extends object>(
  section: T,
  keys: readonly (keyof T & string)[],
  at: string,
  kind: string,
  report: Report,
): void {
  for (const key of keys) if (section[key] !== undefined) report([at, key], `belongs to ${at}.kind: ${kind}`);
}

function onlyOne<T extends object>(
  section: T,
  a: keyof T & string,
  b: keyof T & string,
  at: PropertyKey[],
  report: Report,
): void {
  if (section[a] !== undefined && section[b] !== undefined) report([...at, b], `give either ${a} or ${b}`);
}

function checkPorts({ http, sql }: Draft, report: Report): void {
  if (http.port !== undefined && http.port !== 0 && http.port === sql.port)
    report(['sql', 'port'], 'is also http.port');
}

function checkPagerduty(pagerduty: Draft['pagerduty'], report: Report): void {
  if (pagerduty === null) return;
  onlyOne(pagerduty, 'routing_key', 'routing_key_file', ['pagerduty'], report);
  if (!isKnown(pagerduty, 'routing_key') || !isKnown(pagerduty, 'routing_key_file')) return;
  if (pagerduty.routing_key === undefined && pagerduty.routing_key_file === undefined) {
    report(['pagerduty', 'routing_key'], 'is required here (or routing_key_file): without it nobody can be paged');
  }
}

function checkAggregation(aggregation: Draft['aggregation'], report: Report): void {
  const { allowed_delay: delay, horizon } = aggregation;
  if (delay !== undefined && horizon !== undefined && delay > horizon) {
    report(['aggregation', 'allowed_delay'], `must not exceed horizon (${formatDuration(horizon)})`);
  }
}

function checkAvroRecords({ avroRecords, schemaRegistry }: Draft, report: Report): void {
  if (avroRecords.length > 0 && schemaRegistry === null) {
    report(['avro_records'], 'need schema_registry.url: their schemas are found by the ids in the records');
  }
  for (const [index, { schema, fields = {} }] of avroRecords.entries()) {
    const first = avroRecords.findIndex((other) => other.schema === schema);
    if (schema !== undefined && first < index) {
      report(['avro_records', index, 'schema'], `${schema} is already avro_records[${first}]`);
    }
    checkOnce(Object.entries(fields), (field, earlier) => {
      report(
        ['avro_records', index, 'fields', field],
        `field ${fields[field as keyof typeof fields]} is already ${earlier}`,
      );
    });
  }
}

/** Tells of each key whose value an earlier one has. */
function checkOnce(entries: readonly [string, unknown][], tell: (key: string, earlier: string) => void): void {
  for (const [index, [key, value]] of entries.entries()) {
    const first = entries.findIndex(([, other]) => other === value);
    if (first < index) tell(key, entries[first]![0]);
  }
}

function checkNames(items: readonly { name?: string }[], list: string, report: Report): void {
  items.forEach((item, index) => {
    const first = items.findIndex((other) => other.name === item.name);
    if (item.name !== undefined && first < index)
      report([list, index, 'name'], `${item.name} is already ${list}[${first}]`);
  });
}

function checkModel(model: Fields<typeof modelShape>, at: PropertyKey[], baseDir: string, report: Report): void {
  if (model.reference !== undefined) {
    const file = resolve(baseDir, model.reference.file);
    if (!existsSync(file) || !statSync(file).isFile()) report([...at, 'reference', 'file'], `no such file: ${file}`);
  }
  const { columns = {} } = model;
  checkOnce(Object.entries(columns), (role, earlier) => {
    report([...at, 'columns', role], `column ${columns[role as keyof typeof columns]} is already ${earlier}`);
  });
}

function checkMonitor(
  monitor: Fields<typeof monitorShape>,
  at: PropertyKey[],
  models: Draft['models'],
  report: Report,
): void {
  const unused = Object.keys(monitor.threshold ?? {}).filter((key) =>
    monitor.metrics?.every((metric) => metric !== key),
  );
  for (const key of unused) report([...at, 'threshold', key], 'is not among the metrics of this monitor');
  if (monitor.model === undefined) return;
  const model = models.find((candidate) => candidate.name === monitor.model);
  if (model !== undefined) checkMonitorOfModel(monitor, at, model, report);
  else {
    const names = models.map((candidate) => candidate.name ?? '?').join(', ');
    report([...at, 'model'], `no model ${monitor.model} is declared under models (declared: ${names || 'none'})`);
  }
}

function checkMonitorOfModel(
  monitor: Fields<typeof monitorShape>,
  at: PropertyKey[],
  model: Fields<typeof modelShape>,
  report: Report,
): void {
  if (monitor.window !== undefined && model.window !== undefined && monitor.window !== model.window) {
    const length = formatDuration(model.window);
    report([...at, 'window'], `${formatDuration(monitor.window)} is not the window of model ${model.name} (${length})`);
  }
  checkBaseline(monitor, at, model, report);
  for (const [index, segment] of (monitor.segments ?? []).entries()) {
    if (model.segments !== undefined && !model.segments.includes(segment)) {
      report([...at, 'segments', index], `${segment} is not among the segments of model ${model.name}`);
    }
  }
}

function checkBaseline(
  monitor: Fields<typeof monitorShape>,
  at: PropertyKey[],
  model: Fields<typeof modelShape>,
  report: Report,
): void {
  if (!isKnown(model, 'reference')) return;
  if (model.reference === undefined) {
    report([...at, 'baseline'], `model ${model.name} has no reference to compare with`);
  } else if (monitor.baseline !== undefined && monitor.baseline !== model.reference.name) {
    report(
      [...at, 'baseline'],
      `${monitor.baseline} is not the reference of model ${model.name} (${model.reference.name})`,
    );
  }
}

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { loadConfig } from '../../lib/runtime/config/index.ts';
import { ConfigError } from '../../lib/runtime/config/problems.ts';
import type { Config } from '../../lib/runtime/config/types.ts';

const dir = mkdtempSync(join(tmpdir(), 'driftline-config-'));
after(() => rmSync(dir, { recursive: true }));
const KEY = '0123456789abcdef0123456789abcdef';
writeFileSync(join(dir, 'reference.csv'), 'a\n1\n');
writeFileSync(join(dir, 'password'), ' s3cret \n');
writeFileSync(join(dir, 'empty'), '\n');

function load(yaml: string, env: NodeJS.ProcessEnv = {}, flags = {}): Config {
  const file = join(dir, 'driftline.yaml');
  writeFileSync(file, yaml);
  return loadConfig({ file, env, flags });
}

/** The paths of all mistakes, in order; asserts that there are some. */
function mistakes(yaml: string, env: NodeJS.ProcessEnv = {}): Record<string, string> {
  try {
    load(yaml, env);
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    assert.equal(error.message.split('\n').length, error.problems.length, 'one line a mistake');
    return Object.fromEntries(error.problems.map((problem) => [problem.path, problem.message]));
  }
  return assert.fail('no mistake found');
}

test('without a file, everything is embedded and the defaults are the documented ones', () => {
  assert.deepEqual(loadConfig({ env: {} }), {
    log: { kind: 'embedded', partitions: 1, encoding: 'json' },
    store: { kind: 'embedded', database: 'driftline' },
    dataDir: join(process.cwd(), 'data'),
    http: { host: '127.0.0.1', port: null },
    sql: { host: '127.0.0.1', port: 8123 },
    schemaRegistry: null,
    avroRecords: [],
    pagerduty: null,
    publicUrl: null,
    ingestKeysFile: null,
    aggregation: {
      flushIntervalMs: 1_000,
      allowedDelayMs: 60_000,
      horizonMs: 604_800_000,
      idleAfterMs: 30_000,
      futureSkewMs: 300_000,
      chunkAgeMs: 86_400_000,
      deadLetterLimit: 0.5,
      chunkSize: 65_536,
      predictionLog: true,
    },
    retention: { windowsMs: 30 * 86_400_000, hoursMs: 400 * 86_400_000 },
    models: [],
    monitors: [],
  });
});

test('a whole file: secrets read and trimmed, files beside it found, defaults filled in', () => {
  const config = load(`
log: {kind: kafka, brokers: ["127.0.0.1:9092"]}
store: {kind: clickhouse, url: "http://127.0.0.1:8123/", password_file: password}
pagerduty: {routing_key: ${KEY}}
models:
  - name: car-loan
    reference: {name: "2018", file: reference.csv}
    segments: [region]
monitors:
  - {name: m, model: car-loan, target: a, metrics: [ks, psi], threshold: {psi: 0.1}, segments: [region]}
`);
  assert.deepEqual(config.log, {
    kind: 'kafka',
    brokers: ['127.0.0.1:9092'],
    groupPrefix: 'driftline',
    encoding: 'json',
    partitions: 4,
    replication: 1,
    sessionTimeoutMs: 30_000,
  });
  assert.deepEqual(config.store, {
    kind: 'clickhouse',
    url: 'http://127.0.0.1:8123',
    database: 'driftline',
    username: 'default',
    password: 's3cret',
  });
  assert.deepEqual(config.pagerduty, { baseUrl: 'https://events.pagerduty.com', routingKey: KEY });
  assert.deepEqual(config.models[0], {
    name: 'car-loan',
    windowMs: 86_400_000,
    timezone: 'UTC',
    segments: ['region'],
    reference: { name: '2018', file: join(dir, 'reference.csv') },
    columns: {},
    categorical: [],
    ignore: [],
  });
  assert.deepEqual(config.monitors[0], {
    name: 'm',
    model: 'car-loan',
    target: ['a'],
    metrics: ['ks', 'psi'],
    windowMs: 86_400_000,
    baseline: '2018',
    threshold: { psi: 0.1 },
    minSamples: 500,
    persistence: 2,
    severity: 'error',
    segments: ['region'],
  });
});

test('flags win over the environment, which wins over the file', () => {
  const yaml = 'http: {port: 1}\nsql: {port: 2}\ndata_dir: /file\n';
  const env = { DRIFTLINE_HTTP_PORT: '3', DRIFTLINE_SQL_PORT: '4' };
  const config = load(yaml, env, { 'http.port': 5, data_dir: undefined });
  assert.deepEqual([config.http.port, config.sql.port, config.dataDir], [5, 4, '/file']);
});

test('environment: lists by comma, numbers, booleans, durations; texts that look like numbers stay texts', () => {
  const config = load('', {
    DRIFTLINE_LOG_BROKERS: 'a:9092, b:9092',
    DRIFTLINE_STORE_URL: 'http://ch:8123',
    DRIFTLINE_STORE_PASSWORD: '123',
    DRIFTLINE_AGGREGATION_PREDICTION_LOG: 'false',
    DRIFTLINE_AGGREGATION_CHUNK_SIZE: '1024',
    DRIFTLINE_AGGREGATION_IDLE_AFTER: '500ms',
    DRIFTLINE_PAGERDUTY_ROUTING_KEY: KEY,
    DRIFTLINE_TEST_KAFKA: 'ignored',
    DRIFTLINE_API_SERVICE_HOST: '10.0.0.1',
    DRIFTLINE_API_PORT_8080_TCP_ADDR: '10.0.0.1',
    DRIFTLINE_API_PORT: 'tcp://10.0.0.1:8080',
    OTHER: 'x',
  });
  assert.deepEqual(config.log.kind === 'kafka' && config.log.brokers, ['a:9092', 'b:9092']);
  assert.equal(config.store.kind === 'clickhouse' && config.store.password, '123');
  const { predictionLog, chunkSize, idleAfterMs } = config.aggregation;
  assert.deepEqual([predictionLog, chunkSize, idleAfterMs], [false, 1024, 500]);
});

test('every mistake of a file is told at once, each with its path', () => {
  const found = mistakes(
    `
log: {kind: kafka, foo: 1}
store: {kind: clickhouse, password: x, password_file: nope}
http: {port: abc}
sql: 3
schema_registry: {url: ftp://x}
pagerduty: {routing_key: short}
aggregation: {chunk_size: 1000, allowed_delay: 1y, horizon: 0.5d, flush_interval: 0s, prediction_log: maybe}
public_url: ftp://x
ingest_keys_file: no-keys
models:
  - {name: car-loan, timezone: Mars/X, bogus: 1, window: 1h, reference: {name: "2018", file: nope.csv, z: 1}, columns: {id: a, timestamp: a, q: 1}}
  - {name: car-loan, window: 7m}
  - 3
  - {name: bare, segments: [a, a]}
monitors:
  - {name: m, model: car-loan, metrics: [ks, psy], window: 1d, baseline: "2019", threshold: {zz: 1}, segments: [region]}
  - {name: m, model: nope, metrics: [ks], threshold: {psi: 0.1}, persistence: 0, severity: bad}
  - {model: bare}
`,
    { DRIFTLINE_FOO: '1', DRIFTLINE_MODELS_NAME: 'x', DRIFTLINE_HTTP_HOST: ' ', DRIFTLINE_SQL_PORT: '' },
  );
  assert.deepEqual(
    Object.keys(found).sort(),
    [
      'DRIFTLINE_FOO',
      'DRIFTLINE_MODELS_NAME',
      'aggregation.allowed_delay',
      'aggregation.chunk_size',
      'aggregation.flush_interval',
      'aggregation.horizon',
      'aggregation.prediction_log',
      'http.host',
      'http.port',
      'ingest_keys_file',
      'log.brokers',
      'log.foo',
      'models[0].bogus',
      'models[0].columns.q',
      'models[0].columns.timestamp',
      'models[0].reference.file',
      'models[0].reference.z',
      'models[0].timezone',
      'models[1].name',
      'models[1].window',
      'models[2]',
      'models[3].segments[1]',
      'monitors[0].baseline',
      'monitors[0].metrics[1]',
      'monitors[0].segments[0]',
      'monitors[0].threshold.zz',
      'monitors[0].window',
      'monitors[1].model',
      'monitors[1].name',
      'monitors[1].persistence',
      'monitors[1].severity',
      'monitors[1].threshold.psi',
      'monitors[2].baseline',
      'monitors[2].name',
      'pagerduty.routing_key',
      'public_url',
      'schema_registry.url',
      'sql',
      'store.password_file',
      'store.url',
    ].sort(),
  );
  assert.match(found['monitors[0].window'] ?? '', /1d is not the window of model car-loan \(1h\)/);
  assert.match(found['monitors[1].model'] ?? '', /no model nope .*car-loan/);
  assert.match(found['monitors[2].name'] ?? '', /required/);
  assert.match(found.DRIFTLINE_MODELS_NAME ?? '', /only be set in the file/);
  assert.ok(!JSON.stringify(found).includes('short'), 'the routing key itself is never shown');
});

test('keys of one kind are refused with the other', () => {
  const found = mistakes('log: {kind: embedded, brokers: ["a:1"]}\nstore: {kind: embedded, url: "http://x"}');
  assert.deepEqual(Object.keys(found), ['log.brokers', 'store.url']);
});

test('a PagerDuty section without a key, and secret files that are missing or empty', () => {
  assert.deepEqual(Object.keys(mistakes('pagerduty: {base_url: "http://x"}')), ['pagerduty.routing_key']);
  assert.match(
    mistakes('pagerduty: {routing_key_file: nope}')['pagerduty.routing_key_file'] ?? '',
    /nope .no such file/,
  );
  assert.match(mistakes('pagerduty: {routing_key_file: empty}')['pagerduty.routing_key_file'] ?? '', /is empty/);
});

test("producers' own records: a registry, each schema once, each field once", () => {
  const fields = 'fields: {prediction_id: id, timestamp: ts}';
  const good = `avro_records: [{schema: com.acme.Scored, model: car-loan, ${fields}}]`;
  assert.deepEqual(Object.keys(mistakes(good)), ['avro_records']);
  const registry = 'schema_registry: {url: http://x}';
  const bad = `${registry}
avro_records:
  - {schema: com.acme.Scored, model: car-loan, ${fields}}
  - {schema: com.acme.Scored, model: car-loan, fields: {prediction_id: id, timestamp: ts, score: id}}
  - {schema: 7up, model: a b, fields: {timestamp: ts, colour: c}}`;
  assert.deepEqual(Object.keys(mistakes(bad)).sort(), [
    'avro_records[1].fields.score',
    'avro_records[1].schema',
    'avro_records[2].fields.colour',
    'avro_records[2].fields.prediction_id',
    'avro_records[2].model',
    'avro_records[2].schema',
  ]);
});

test('YAML mistakes name file, line and column; a missing file is named', () => {
  assert.match(mistakes('log:\n  kind: [kafka\nstore: x')[''] ?? '', /driftline\.yaml:\d+:\d+: /);
  assert.match(mistakes('log: {}\nlog: {}')[''] ?? '', /driftline\.yaml:2:\d+: .*unique/);
  assert.match(mistakes('- a')[''] ?? '', /top level/);
  assert.throws(() => loadConfig({ file: join(dir, 'no.yaml'), env: {} }), /no\.yaml: cannot be read: no such file/);
});

test('a key without a value counts as absent', () => {
  assert.deepEqual(load('models:\npagerduty:\nhttp: {port: }').http.port, null);
});

test('the SQL port is open to others only with a password', () => {
  const env = { DRIFTLINE_SQL_HOST: '0.0.0.0' };
  assert.match(mistakes('', env)['sql.host'] ?? '', /0\.0\.0\.0 can be reached by others: set sql\.password_file/);
  const file = join(dir, 'sql-password');
  writeFileSync(file, 'hunter22\n');
  const { sql } = load('', { ...env, DRIFTLINE_SQL_PASSWORD_FILE: file });
  assert.deepEqual(sql, { host: '0.0.0.0', port: 8123, password: 'hunter22' });
});

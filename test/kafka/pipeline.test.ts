import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { createLocalPagerDuty } from '../../services/pagerduty-local/index.ts';
import { runDriftline, select, startDriftline } from '../support/driftline-process.ts';
import { eventually } from '../support/eventually.ts';
import { startKafkaBroker } from '../support/kafka-broker.ts';

const HOUR = 3_600_000;
const START = Date.UTC(2026, 2, 2);
const PARTITIONS = 3;
const PER_WINDOW = 600;
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const dir = mkdtempSync(join(tmpdir(), 'driftline-pipeline-'));
const stops: (() => Promise<unknown>)[] = [];
after(async () => {
  for (const stop of stops.reverse()) await stop();
  rmSync(dir, { recursive: true, force: true });
});

/** Amounts of a drifted window are doubled; the colour and the score never move. */
function event(window: number, index: number, drifted: boolean) {
  const u = ((index * 7919) % PER_WINDOW) / PER_WINDOW;
  return {
    prediction_id: `w${window}-${index}`,
    model: 'orders',
    version: '3',
    timestamp: START + window * HOUR + index,
    features: { amount: 100 * (drifted ? u * 2 : u), colour: ['red', 'green', 'blue'][index % 3] },
    prediction: { label: index % 2 === 0 ? 'yes' : 'no', score: u },
  };
}

function reference(): string {
  const rows = Array.from({ length: 6000 }, (_, index) => {
    const u = ((index * 7919) % 6000) / 6000;
    return `${100 * u},${['red', 'green', 'blue'][index % 3]},${index % 2 === 0 ? 'yes' : 'no'},${u}`;
  });
  return `amount,colour,yhat,proba\n${rows.join('\n')}\n`;
}

/** kcat (librdkafka) is a client of another make. */
function kcat(bootstrap: string, args: readonly string[], input = ''): void {
  const all = ['-P', '-b', bootstrap, '-t', 'driftline.predictions', ...args];
  const result = spawnSync('kcat', all, { input, encoding: 'utf8', timeout: 30_000 });
  assert.equal(result.status, 0, `kcat: ${result.error?.message ?? result.stderr}`);
}

function windowEvents(window: number, drifted: boolean): string {
  return `${Array.from({ length: PER_WINDOW }, (_, index) => JSON.stringify(event(window, index, drifted))).join('\n')}\n`;
}

const arrival = (time: number): string[] => ['-H', `driftline-arrival=${time}`];

function sendJson(bootstrap: string, window: number, drifted: boolean): void {
  kcat(bootstrap, arrival(START + window * HOUR + PER_WINDOW), windowEvents(window, drifted));
}

/** Encoded by fastavro, which shares no code with Driftline; each file is one message. */
function sendAvro(bootstrap: string, window: number, drifted: boolean): void {
  const files = join(dir, `avro-${window}`);
  mkdirSync(files);
  const script = join(ROOT, 'test/support/avro_events.py');
  const args = [script, join(ROOT, 'schemas/prediction.avsc'), files];
  const result = spawnSync(join(ROOT, '.cache/python/bin/python'), args, {
    input: windowEvents(window, drifted),
    encoding: 'utf8',
  });
  assert.equal(result.status, 0, result.error?.message ?? result.stderr);
  const names = readdirSync(files).map((name) => join(files, name));
  assert.equal(names.length, PER_WINDOW);
  kcat(bootstrap, [...arrival(START + window * HOUR + PER_WINDOW), ...names]);
}

/** Moves every partition's time on, also those that the window's events happened to miss. */
function passTime(bootstrap: string, time: number): void {
  for (let partition = 0; partition < PARTITIONS; partition += 1) {
    kcat(bootstrap, ['-p', String(partition), ...arrival(time), '-H', 'driftline-progress=1'], '-\n');
  }
}

interface Cluster {
  bootstrap: string;
  sql<T>(query: string): Promise<T[]>;
  pagerduty: ReturnType<typeof createLocalPagerDuty>;
}

async function startCluster(): Promise<Cluster> {
  const broker = await startKafkaBroker({ own: true });
  stops.push(() => broker.stop());
  const store = await startDriftline(['sql-server', '--data', join(dir, 'store'), '--port', '0', '--writable']);
  stops.push(() => store.end('SIGTERM'));
  const pagerduty = createLocalPagerDuty({ port: 0 });
  await pagerduty.start();
  stops.push(() => pagerduty.stop());
  const config = writeConfig(broker.bootstrap, store.sql, pagerduty.url);
  const migrated = await runDriftline(['migrate', '--config', config]);
  assert.equal(migrated.code, 0, migrated.stderr);
  for (const service of ['aggregator', 'detector', 'notifier']) {
    const running = await startDriftline([service, '--config', config, '--port', '0']);
    stops.push(async () =>
      assert.equal(await running.end('SIGTERM'), 0, `${service} did not stop cleanly:\n${running.output().stderr}`),
    );
  }
  return { bootstrap: broker.bootstrap, pagerduty, sql: (query) => select(store.sql, query) };
}

function writeConfig(bootstrap: string, storeUrl: string, pagerdutyUrl: string): string {
  writeFileSync(join(dir, 'reference.csv'), reference());
  const file = join(dir, 'driftline.yaml');
  const lines = [
    `log: {kind: kafka, brokers: ["${bootstrap}"], partitions: ${PARTITIONS}, encoding: avro}`,
    `store: {kind: clickhouse, url: "${storeUrl}"}`,
    `pagerduty: {base_url: "${pagerdutyUrl}", routing_key: 0123456789abcdef0123456789abcdef}`,
    'public_url: http://driftline.test',
    'aggregation: {flush_interval: 200ms, allowed_delay: 1m}',
    'models:',
    '  - {name: orders, window: 1h, reference: {name: spring, file: reference.csv}, columns: {score: proba, prediction: yhat}}',
    'monitors:',
    '  - {name: orders-drift, model: orders, target: "*", metrics: [psi, ks, chi2], window: 1h, baseline: spring, min_samples: 200, persistence: 2, severity: critical}',
  ];
  writeFileSync(file, `${lines.join('\n')}\n`);
  return file;
}

interface PagerDutyEvent {
  event_action: string;
  dedup_key: string;
  payload?: { summary: string; severity: string };
}

test('events of other clients, JSON and Avro, become one incident, resolved when the stream recovers', async () => {
  const { bootstrap, pagerduty, sql } = await startCluster();
  const events = () =>
    pagerduty
      .events()
      .filter(({ status }) => status === 202)
      .map(({ body }) => body as PagerDutyEvent);
  const sealed = async () => {
    const [row] = await sql<{ windows: string; events: string }>(
      "SELECT toString(uniqExact(window_start)) AS windows, toString(sum(events)) AS events FROM operations WHERE model = 'orders' AND state = 'complete'",
    );
    return { windows: Number(row?.windows), events: Number(row?.events) };
  };

  for (const window of [0, 1]) sendJson(bootstrap, window, false);
  passTime(bootstrap, START + 2 * HOUR + 120_000);
  await eventually('two quiet windows sealed', async () => (await sealed()).windows === 2);
  assert.deepEqual(await sealed(), { windows: 2, events: 2 * PER_WINDOW });
  assert.deepEqual(events(), [], 'nobody is paged for a quiet stream');

  sendJson(bootstrap, 2, true);
  sendAvro(bootstrap, 3, true);
  passTime(bootstrap, START + 4 * HOUR + 120_000);
  await eventually('one event at PagerDuty', () => events().length === 1);
  const [trigger] = events();
  assert.equal(trigger?.event_action, 'trigger');
  assert.equal(trigger.payload?.severity, 'critical');
  assert.match(trigger.payload.summary, /amount/);
  assert.doesNotMatch(trigger.payload.summary, /colour|prediction\./);
  assert.deepEqual(await sealed(), { windows: 4, events: 4 * PER_WINDOW }, 'Avro events count like JSON ones');

  sendAvro(bootstrap, 4, false);
  sendJson(bootstrap, 5, false);
  passTime(bootstrap, START + 6 * HOUR + 120_000);
  await eventually('the resolve at PagerDuty', () => events().length === 2);
  assert.deepEqual(
    events().map((sent) => [sent.event_action, sent.dedup_key]),
    [
      ['trigger', trigger.dedup_key],
      ['resolve', trigger.dedup_key],
    ],
  );
  const incidents = await sql<{ incident: string; state: string; members: string[] }>(
    'SELECT incident, state, members FROM incidents',
  );
  assert.deepEqual(incidents, [{ incident: trigger.dedup_key, state: 'resolved', members: ['amount'] }]);
});

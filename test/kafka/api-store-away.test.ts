import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Member } from '../faults/support/member.ts';
import { type DriftlineProcess, runDriftline, select, startDriftline } from '../support/driftline-process.ts';
import { eventually } from '../support/eventually.ts';
import { freePorts } from '../support/free-ports.ts';
import { startKafkaBroker } from '../support/kafka-broker.ts';

const BIN = fileURLToPath(new URL('../../bin/driftline.cjs', import.meta.url));
/** In time to be counted. */
const START = Date.now() - 3_600_000;
const BATCH = 50;
const PASSWORD = 'a-password-of-the-store';
const dir = mkdtempSync(join(tmpdir(), 'driftline-api-away-'));
const stops: (() => Promise<unknown>)[] = [async () => rmSync(dir, { recursive: true, force: true })];
let ports = { store: 0, api: 0 };
let config = '';
let api: Member;

const apiUrl = (): string => `http://127.0.0.1:${ports.api}`;

before(async () => {
  const broker = await startKafkaBroker({ own: true });
  stops.push(() => broker.stop());
  const [store, http] = await freePorts(2);
  ports = { store: store!, api: http! };
  config = join(dir, 'driftline.yaml');
  const lines = [
    `log: {kind: kafka, brokers: ["${broker.bootstrap}"], partitions: 2}`,
    `store: {kind: clickhouse, url: "http://127.0.0.1:${ports.store}"}`,
    'aggregation: {flush_interval: 200ms}',
    'models: [{name: declared, window: 1h}]',
  ];
  writeFileSync(config, `${lines.join('\n')}\n`);
  api = new Member({
    name: 'api',
    command: BIN,
    args: ['api', '--config', config, '--port', String(ports.api)],
    env: {},
    logFile: join(dir, 'api.log'),
  });
  stops.push(() => api.kill());
  const prepared = await startStore('good');
  const migrated = await runDriftline(['migrate', '--config', config]);
  assert.equal(migrated.code, 0, migrated.stderr);
  await prepared.end('SIGTERM');
});

// A test that failed leaves its API behind.
beforeEach(() => api.kill());
after(async () => {
  for (const stop of stops.reverse()) await stop();
});

/** The store on its port, with data of this name; with a password where one is given. */
async function startStore(data: string, password?: string): Promise<DriftlineProcess> {
  const args = ['sql-server', '--data', join(dir, data), '--port', String(ports.store), '--writable'];
  const file = join(dir, 'password');
  if (password !== undefined) writeFileSync(file, password);
  const store = await startDriftline(args, password === undefined ? {} : { DRIFTLINE_SQL_PASSWORD_FILE: file });
  stops.push(() => store.end('SIGTERM'));
  return store;
}

async function ask(path: string): Promise<{ status: number; body: string }> {
  const response = await fetch(`${apiUrl()}${path}`);
  return { status: response.status, body: await response.text() };
}

/** Starts the API while nothing listens on the store's port, and waits until it listens itself. */
async function startWithoutStore(): Promise<void> {
  api.spawn();
  await eventually('the API listens', async () => {
    assert.ok(api.running, api.output());
    return (await ask('/healthz').catch(() => null))?.status === 200;
  });
}

let serial = 0;
async function post(): Promise<number> {
  const events = Array.from({ length: BATCH }, () => {
    serial += 1;
    return { prediction_id: `p${serial}`, model: 'declared', timestamp: START + serial, features: { x: serial % 7 } };
  });
  const response = await fetch(`${apiUrl()}/v1/predictions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(events),
  });
  assert.equal(response.status, 202, await response.text());
  return BATCH;
}

test('an API that starts while the store is down takes events, says why it is not ready, and becomes ready by itself', async () => {
  await startWithoutStore();
  let accepted = 0;
  for (let batch = 0; batch < 20; batch += 1) accepted += await post();

  const reading = await ask('/v1/models');
  assert.equal(reading.status, 503, reading.body);
  assert.match(reading.body, /"code":"store_unavailable"/);
  const ready = await ask('/readyz');
  assert.equal(ready.status, 503, ready.body);
  const { reasons } = JSON.parse(ready.body) as { reasons: string[] };
  assert.equal(reasons.length, 1, ready.body);
  assert.ok(
    reasons[0]!.startsWith(`store: ClickHouse does not answer at http://127.0.0.1:${ports.store}: `),
    ready.body,
  );
  assert.match((await ask('/metrics')).body, /^driftline_ready 0$/m);

  const store = await startStore('good');
  await eventually('it is ready by itself', async () => (await ask('/readyz')).status === 200);
  await api.ready();
  assert.equal(api.starts, 1);
  accepted += await post();
  const models = await ask('/v1/models');
  assert.equal(models.status, 200, models.body);
  assert.match(models.body, /"declared"/, 'what the configuration declares is registered');

  const aggregator = await startDriftline(['aggregator', '--config', config, '--port', '0']);
  stops.push(() => aggregator.end('SIGTERM'));
  const counted = async (): Promise<number> => {
    const [row] = await select<{ n: number }>(store.sql, 'SELECT toFloat64(sum(events)) AS n FROM operations');
    return row!.n;
  };
  await eventually('every event is counted', async () => (await counted()) >= accepted);
  accepted += await post();
  await eventually('the last ones too', async () => (await counted()) >= accepted);
  assert.equal(await counted(), accepted);

  assert.equal(await aggregator.end('SIGTERM'), 0);
  assert.equal(await store.end('SIGTERM'), 0);
  assert.equal((await ask('/readyz')).status, 200, 'a store that goes away later takes nothing from taking events');
  assert.equal(await api.stop(), 0, api.output());
});

test('an API that waits for its store stops when told to', async () => {
  await startWithoutStore();
  assert.equal(await api.stop(), 0, api.output());
});

test('an API whose store takes connections and says nothing takes events too, and stops when told to', async () => {
  const sockets = new Set<Socket>();
  const silent = createServer((socket) => sockets.add(socket.on('error', () => {}))).listen(ports.store, '127.0.0.1');
  await once(silent, 'listening');
  try {
    await startWithoutStore();
    await post();
    const ready = await ask('/readyz');
    assert.equal(ready.status, 503, ready.body);
    assert.match(ready.body, /"reasons":\["store: /);
    assert.equal(await api.stop(), 0, api.output());
  } finally {
    for (const socket of sockets) socket.destroy();
    await once(silent.close(), 'close');
  }
});

test('an API whose store comes up without the tables ends by name', async () => {
  await startWithoutStore();
  const store = await startStore('empty');
  assert.equal(await api.ended(), 1);
  assert.match(api.output(), /"code":"schema_outdated".*run `driftline migrate`/);
  await store.end('SIGTERM');
});

test('an API whose store refuses it ends by name, whether it does so at the start or later', async () => {
  await startWithoutStore();
  const store = await startStore('good', PASSWORD);
  assert.equal(await api.ended(), 1);
  assert.match(api.output(), /"code":"store_unreachable".*ClickHouse refuses at/);
  const atStart = await runDriftline(['api', '--config', config, '--port', String(ports.api)]);
  assert.equal(atStart.code, 1);
  assert.match(atStart.stderr, /ClickHouse refuses at .*\n\(check store\.url, store\.username/);
  await store.end('SIGTERM');
});

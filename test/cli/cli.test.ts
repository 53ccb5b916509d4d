import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { runDriftline, startDriftline } from '../support/driftline-process.ts';

const dir = mkdtempSync(join(tmpdir(), 'driftline-cli-'));
after(() => rmSync(dir, { recursive: true, force: true }));

function write(name: string, text: string): string {
  const file = join(dir, name);
  writeFileSync(file, text);
  return file;
}

/** A port that nothing listens on: connections are refused at once. */
async function closedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

test('validate prints what it checked, exit 0', async () => {
  write('reference.csv', 'a,b\n1,2\n');
  const file = write(
    'good.yaml',
    'models: [{name: m, reference: {name: r, file: reference.csv}}]\nmonitors: [{name: watch, model: m, metrics: [psi]}]\n',
  );
  const { code, stdout, stderr } = await runDriftline(['validate', '--config', file]);
  assert.equal(code, 0, stderr);
  assert.match(stdout, /^model m: window 1d \(UTC\), reference r$/m);
  assert.match(stdout, /^monitor watch: all columns of m by psi against r$/m);
  assert.match(stdout, /^valid: .*good\.yaml$/m);
  assert.equal(stderr, '');
});

test('a bad configuration: every mistake on a line of its own on stderr, nothing on stdout, exit 2', async () => {
  const file = write('bad.yaml', 'log: {kind: kafka}\nnonsense: 1\nhttp: {port: x}\n');
  for (const command of ['validate', 'standalone', 'aggregator']) {
    const { code, stdout, stderr } = await runDriftline([command, '--config', file]);
    assert.equal(code, 2, command);
    assert.equal(stdout, '');
    assert.deepEqual(
      stderr
        .trim()
        .split('\n')
        .map((line) => line.split(':')[0]),
      ['nonsense', 'http.port', 'log.brokers'],
    );
  }
});

test('validate reads the header of each reference: columns and targets it lacks are mistakes', async () => {
  write('columns.csv', 'a,proba\n1,0.5\n');
  const model =
    '{name: m, reference: {name: r, file: columns.csv}, columns: {score: proba, label: truth}, ignore: [a, z]}';
  const file = write(
    'columns.yaml',
    `models: [${model}]\nmonitors: [{name: watch, model: m, target: [prediction.score, proba]}]\n`,
  );
  const { code, stderr } = await runDriftline(['validate', '--config', file]);
  assert.equal(code, 2);
  assert.deepEqual(stderr.match(/^[^:]+/gm), ['models[0].columns.label', 'models[0].ignore[1]', 'monitors[0].target']);
});

test('unknown flags, commands and malformed values exit 2; help and version exit 0 on stdout', async () => {
  for (const args of [['validate', '--nope'], ['nope'], ['standalone', '--port', 'x'], []]) {
    const { code, stdout, stderr } = await runDriftline(args);
    assert.equal(code, 2, args.join(' '));
    assert.equal(stdout, '');
    assert.notEqual(stderr, '');
  }
  const help = await runDriftline(['--help']);
  assert.equal(help.code, 0);
  for (const command of [
    'standalone',
    'aggregator',
    'detector',
    'notifier',
    'api',
    'migrate',
    'validate',
    'sql-server',
  ]) {
    assert.match(help.stdout, new RegExp(`^  ${command} `, 'm'));
  }
  assert.match((await runDriftline(['--version'])).stdout, /^\d+\.\d+\.\d+\n$/);
});

test('services of a cluster refuse an embedded log or store, exit 2', async () => {
  const { code, stderr } = await runDriftline(['detector', '--config', write('empty.yaml', '')]);
  assert.equal(code, 2);
  assert.match(stderr, /needs Kafka and a ClickHouse server.*log and store/);
});

test('an unreachable store or broker: the address on stderr in bounded time, exit 1, secrets hidden', async () => {
  const port = await closedPort();
  const began = Date.now();
  const store = { DRIFTLINE_STORE_URL: `http://127.0.0.1:${port}`, DRIFTLINE_STORE_PASSWORD: 'hunter2-hunter2' };
  const broken = await runDriftline(['aggregator'], { DRIFTLINE_LOG_BROKERS: `127.0.0.1:${port}`, ...store });
  assert.equal(broken.code, 1);
  assert.match(broken.stderr, new RegExp(`ClickHouse does not answer at http://127\\.0\\.0\\.1:${port}`));
  assert.ok(!broken.stderr.includes('hunter2'));
  const kafka = { DRIFTLINE_LOG_BROKERS: `127.0.0.1:${port}` };
  const alone = await runDriftline(
    ['standalone', '--data', join(dir, 'alone'), '--port', '0', '--sql-port', '0'],
    kafka,
  );
  assert.equal(alone.code, 1);
  assert.match(alone.stderr, new RegExp(`Kafka does not answer at 127\\.0\\.0\\.1:${port}`));
  assert.ok(Date.now() - began < 90_000);
});

test('a store that refuses the password is no unreachable store: told at once, exit 1', async () => {
  const server = createHttpServer((_request, response) => {
    response.writeHead(403, { 'X-ClickHouse-Exception-Code': '516' });
    response.end('Code: 516. DB::Exception: Authentication failed. (AUTHENTICATION_FAILED)');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const env = { DRIFTLINE_LOG_BROKERS: '127.0.0.1:1', DRIFTLINE_STORE_URL: `http://127.0.0.1:${port}` };
  const { code, stderr } = await runDriftline(['notifier'], env);
  server.close();
  assert.equal(code, 1);
  assert.match(stderr, /ClickHouse refuses at http:.*Authentication failed/);
});

test('standalone: ready line, SIGTERM exits 0; a second one on the same data or port says so, exit 1', async () => {
  const data = join(dir, 'data');
  const first = await startDriftline(['standalone', '--data', data, '--port', '0', '--sql-port', '0']);
  try {
    assert.equal((await fetch(`${first.http}/readyz`)).status, 200);
    assert.equal(await (await fetch(`${first.sql}/?query=SELECT%201`)).text(), '1\n');
    const sameData = await runDriftline(['standalone', '--data', data, '--port', '0', '--sql-port', '0']);
    assert.equal(sameData.code, 1);
    assert.match(sameData.stderr, /another process/);
    const { port } = new URL(first.http);
    const samePort = await runDriftline([
      'standalone',
      '--data',
      join(dir, 'other'),
      '--port',
      port,
      '--sql-port',
      '0',
    ]);
    assert.equal(samePort.code, 1);
    assert.match(samePort.stderr, new RegExp(`${port} is in use`));
    const sameSql = await runDriftline(['sql-server', '--data', join(dir, 'other'), '--port', new URL(first.sql).port]);
    assert.equal(sameSql.code, 1);
    assert.match(sameSql.stderr, /is in use/);
  } finally {
    assert.equal(await first.end('SIGTERM'), 0, first.output().stderr);
  }
  assert.match(first.output().stdout, /^ready http=http:\/\/127\.0\.0\.1:\d+ sql=http:\/\/127\.0\.0\.1:\d+\n$/);
  for (const line of first.output().stderr.trim().split('\n')) assert.doesNotThrow(() => JSON.parse(line), line);
});

test('migrate makes the tables of the embedded engine, and is idempotent', async () => {
  const args = ['migrate', '--data', join(dir, 'migrated')];
  const first = await runDriftline(args);
  assert.equal(first.code, 0, first.stderr);
  assert.match(first.stdout, /^tables: applied 0001_spine\.sql/m);
  assert.match(first.stdout, /^topics: driftline\.predictions, /m);
  assert.match((await runDriftline(args)).stdout, /^tables: up to date$/m);
});

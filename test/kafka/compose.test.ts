import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { type DriftlineProcess, runDriftline, startDriftline } from '../support/driftline-process.ts';
import { eventually } from '../support/eventually.ts';
import { startKafkaBroker } from '../support/kafka-broker.ts';

/**
 * docker-compose.yml without a container engine: every Driftline service's exact command and environment, run as real
 * processes. Only what the container network gives is mapped: host names, ports and paths of mounted files.
 */
interface ComposeService {
  image: string;
  command?: string[];
  environment?: Record<string, string>;
  volumes?: string[];
  depends_on?: Record<string, { condition: string }>;
  secrets?: string[];
  healthcheck?: { test: string[] };
}
interface Compose {
  services: Record<string, ComposeService>;
  secrets: Record<string, { file: string }>;
}

const root = fileURLToPath(new URL('../../', import.meta.url));
const compose = parse(readFileSync(join(root, 'docker-compose.yml'), 'utf8'), { merge: true }) as Compose;
const ours = Object.entries(compose.services).filter(([, service]) => service.image === 'driftline:local');
const dir = mkdtempSync(join(tmpdir(), 'driftline-compose-'));
const stops: (() => Promise<unknown>)[] = [];
after(async () => {
  for (const stop of stops.reverse()) await stop();
  rmSync(dir, { recursive: true, force: true });
});

/** Host paths of what the service mounts, longest mount first. */
function mounts(service: ComposeService): [inside: string, outside: string][] {
  const secrets = (service.secrets ?? []).map((name): [string, string] => {
    const file = compose.secrets[name]?.file;
    assert.ok(file !== undefined, `secret ${name} is not declared`);
    return [`/run/secrets/${name}`, join(root, file)];
  });
  const volumes = (service.volumes ?? []).map((volume): [string, string] => {
    const [outside = '', inside = ''] = volume.split(':');
    return [inside, join(root, outside)];
  });
  return [...secrets, ...volumes];
}

type Hosts = Record<string, string>;

function outsideOf(text: string, service: ComposeService, hosts: Hosts): string {
  const expanded = text.replace(/\$\{\w+:-([^}]*)\}/g, '$1');
  const mapped = Object.entries(hosts).reduce(
    (result, [inside, outside]) => result.replaceAll(inside, outside),
    expanded,
  );
  return mounts(service).reduce((result, [inside, outside]) => result.replaceAll(inside, outside), mapped);
}

function launch(service: ComposeService, hosts: Hosts): { args: string[]; env: NodeJS.ProcessEnv } {
  const environment = Object.entries(service.environment ?? {});
  const env = Object.fromEntries(environment.map(([name, value]) => [name, outsideOf(String(value), service, hosts)]));
  const args = (service.command ?? []).map((part) => outsideOf(part, service, hosts));
  return { args, env: { ...env, DRIFTLINE_HTTP_PORT: '0' } };
}

function find(name: string): ComposeService {
  const service = compose.services[name];
  assert.ok(service !== undefined, `docker-compose.yml has no service ${name}`);
  return service;
}

test('every service of docker-compose.yml works as written, and stops with 0', { timeout: 180_000 }, async () => {
  assert.deepEqual(ours.map(([name]) => name).sort(), ['aggregator', 'api', 'detector', 'migrate', 'notifier']);
  const broker = await startKafkaBroker({ own: true });
  stops.push(() => broker.stop());
  const store = await startDriftline(['sql-server', '--data', dir, '--port', '0', '--writable']);
  stops.push(() => store.end('SIGTERM'));
  const hosts = { 'kafka:9092': broker.bootstrap, 'http://clickhouse:8123': store.sql };

  const migrate = launch(find('migrate'), hosts);
  const migrated = await runDriftline(migrate.args, migrate.env);
  assert.equal(migrated.code, 0, migrated.stderr);

  const running = new Map<string, DriftlineProcess>();
  for (const [name, service] of ours) {
    if (name === 'migrate') continue;
    assert.ok('migrate' in (service.depends_on ?? {}), `${name} must wait for migrate`);
    const { args, env } = launch(service, hosts);
    const process = await startDriftline(args, env);
    running.set(name, process);
    stops.push(() => process.end('SIGKILL'));
  }
  for (const [name, process] of running) assert.equal((await fetch(`${process.http}/readyz`)).status, 200, name);
  await postOne(running.get('api')?.http ?? '');
  await scrapeApi(running.get('api')?.http ?? '');
  await eventually('the prediction in SQL', async () => (await operations(store.sql)) === 'compose\t1');
  for (const [name, process] of running) {
    assert.equal(await process.end('SIGTERM'), 0, `${name}:\n${process.output().stderr}`);
  }
});

/** With the documented secret of the example key file; without it the API refuses. */
async function postOne(url: string): Promise<void> {
  const keys = readFileSync(join(root, 'infra/docker/ingest-keys.example'), 'utf8');
  const secret = /example is (\S+): /.exec(keys)?.[1];
  const event = { prediction_id: 'p1', model: 'compose', timestamp: Date.now(), features: { a: 1 } };
  const post = (headers: Record<string, string>) =>
    fetch(`${url}/v1/predictions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(event),
    });
  assert.equal((await post({})).status, 401);
  const answer = await post({ authorization: `Bearer example.${secret}` });
  assert.deepEqual([answer.status, await answer.json()], [202, { accepted: 1, rejected: [] }]);
}

/** With the key that Prometheus is given; without one the API refuses. */
async function scrapeApi(url: string): Promise<void> {
  const prometheus = parse(readFileSync(join(root, 'infra/prometheus/prometheus.yml'), 'utf8')) as {
    scrape_configs: { job_name: string; authorization?: { credentials_file: string } }[];
  };
  const job = prometheus.scrape_configs.find(({ job_name: name }) => name === 'driftline-api');
  const secret = job?.authorization?.credentials_file.replace('/run/secrets/', '') ?? '';
  assert.ok(find('prometheus').secrets?.includes(secret), `prometheus does not mount ${secret}`);
  const key = join(root, compose.secrets[secret]?.file ?? '');
  assert.equal((await fetch(`${url}/metrics`)).status, 401);
  const authorization = `Bearer ${readFileSync(key, 'utf8').trim()}`;
  const answer = await fetch(`${url}/metrics`, { headers: { authorization } });
  assert.equal(answer.status, 200);
  assert.match(await answer.text(), /^driftline_http_events_total/m);
}

async function operations(sql: string): Promise<string> {
  const query = 'SELECT model, events FROM driftline.operations FORMAT TSV';
  const answer = await fetch(`${sql}/?query=${encodeURIComponent(query)}`);
  return (await answer.text()).trim();
}

test('each health check asks the port that its service listens on, and Prometheus scrapes them all', () => {
  const ports = { api: 8080, aggregator: 8081, detector: 8082, notifier: 8083 };
  const prometheus = readFileSync(join(root, 'infra/prometheus/prometheus.yml'), 'utf8');
  for (const [name, port] of Object.entries(ports)) {
    assert.match(find(name).healthcheck?.test.join(' ') ?? '', new RegExp(`127\\.0\\.0\\.1:${port}/readyz`));
    assert.ok(prometheus.includes(`[${name}:${port}]`), `${name} is not scraped`);
  }
});

import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer as createSocketServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { createLocalPagerDuty } from '../../services/pagerduty-local/index.ts';
import { type DriftlineProcess, runDriftline, startDriftline } from '../support/driftline-process.ts';
import { startKafkaBroker } from '../support/kafka-broker.ts';

export const ROUTING_KEY = '0123456789abcdef0123456789abcdef';

export interface Finding {
  check: string;
  level: string;
  message: string;
  action: string | null;
}

export interface DoctorReport {
  code: number | null;
  level: string;
  findings: Finding[];
  stderr: string;
}

/** A broker, a store and a PagerDuty of the test's own, with tables and topics. */
export interface World {
  dir: string;
  bootstrap: string;
  store: DriftlineProcess;
  pagerduty: ReturnType<typeof createLocalPagerDuty>;
  /** Writes a configuration; `changes` replace whole lines by their first key. */
  config(name: string, changes?: Readonly<Record<string, string>>): string;
  start(service: string, config: string): Promise<DriftlineProcess>;
  close(): Promise<void>;
}

export async function openWorld(): Promise<World> {
  const dir = mkdtempSync(join(tmpdir(), 'driftline-doctor-'));
  const stops: (() => Promise<unknown>)[] = [async () => rmSync(dir, { recursive: true, force: true })];
  const broker = await startKafkaBroker({ own: true });
  stops.push(() => broker.stop());
  const store = await startDriftline(['sql-server', '--data', join(dir, 'store'), '--port', '0', '--writable']);
  stops.push(() => store.end('SIGTERM'));
  const pagerduty = createLocalPagerDuty({ port: 0 });
  await pagerduty.start();
  stops.push(() => pagerduty.stop());
  const lines = {
    log: `{kind: kafka, brokers: ["${broker.bootstrap}"], partitions: 2}`,
    store: `{kind: clickhouse, url: "${store.sql}"}`,
    pagerduty: `{base_url: "${pagerduty.url}", routing_key: ${ROUTING_KEY}}`,
    public_url: 'http://driftline.test',
    aggregation: '{flush_interval: 200ms, chunk_size: 64}',
  };
  const config: World['config'] = (name, changes = {}) => {
    const file = join(dir, `${name}.yaml`);
    writeFileSync(
      file,
      Object.entries({ ...lines, ...changes })
        .map(([key, value]) => `${key}: ${value}\n`)
        .join(''),
    );
    return file;
  };
  const migrated = await runDriftline(['migrate', '--config', config('good')]);
  if (migrated.code !== 0) throw new Error(migrated.stderr);
  return {
    dir,
    bootstrap: broker.bootstrap,
    store,
    pagerduty,
    config,
    async start(service, file) {
      const running = await startDriftline([service, '--config', file, '--port', '0']);
      stops.push(() => running.end('SIGTERM'));
      return running;
    },
    async close() {
      for (const stop of stops.reverse()) await stop();
    },
  };
}

/** Runs the doctor to its end, as JSON. */
export async function doctor(config: string, env: NodeJS.ProcessEnv = {}): Promise<DoctorReport> {
  const { code, stdout, stderr } = await runDriftline(['doctor', '--config', config, '--format', 'json'], env);
  if (stdout === '') throw new Error(`doctor printed nothing (exit ${code}): ${stderr}`);
  return { code, stderr, ...(JSON.parse(stdout) as { level: string; findings: Finding[] }) };
}

interface Answer {
  status: number;
  headers?: Readonly<Record<string, string>>;
  body: string;
}

/** A server of the test's own on a free port; closed with the world that is handed its `close`. */
export async function serveHttp(
  answer: (request: IncomingMessage, body: string) => Answer | Promise<Answer>,
): Promise<{ url: string; close: () => Promise<void> }> {
  const respond = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { status, headers, body } = await answer(request, await text(request));
    response.writeHead(status, { ...headers });
    response.end(body);
  };
  const server: Server = createServer((request, response) => {
    respond(request, response).catch(() => response.destroy());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    close: async () => {
      server.closeAllConnections();
      await once(server.close(), 'close');
    },
  };
}

/** The store behind a clock that is ahead: answers are the store's own but for the time. */
export function skewedStore(store: string, aheadMs: number): ReturnType<typeof serveHttp> {
  return serveHttp(async ({ url = '', method = 'GET' }, body) => {
    const response = await fetch(store + url, { method, ...(method === 'POST' ? { body } : {}) });
    const answered = await response.text();
    const headers = Object.fromEntries([...response.headers].filter(([name]) => name.startsWith('x-clickhouse')));
    // Milliseconds of our time, wherever they stand in the answer.
    const later = answered.replace(/\b1[789]\d{11}\b/g, (ms) => String(Number(ms) + aheadMs));
    return { status: response.status, headers, body: later };
  });
}

/** Takes connections and never says a word. */
export async function serveSilence(): Promise<{ address: string; close: () => Promise<void> }> {
  const sockets = new Set<Socket>();
  const server = createSocketServer((socket) => {
    socket.on('error', () => {});
    sockets.add(socket);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await once(server.close(), 'close');
    },
  };
}

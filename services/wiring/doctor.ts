import { readFileSync } from 'node:fs';
import { access, constants, readdir, statfs } from 'node:fs/promises';
import { totalmem } from 'node:os';
import { join, resolve } from 'node:path';
import { getHeapStatistics } from 'node:v8';
import { createClickHouseStore } from '../../lib/adapters/clickhouse/index.ts';
import { runningOwner } from '../../lib/adapters/embedded-log/peek.ts';
import { createKafkaInspector } from '../../lib/adapters/kafka/inspector.ts';
import { createTopicIdentity } from '../../lib/adapters/kafka-metadata/index.ts';
import type { LogInspector } from '../../lib/ports/log-inspector.ts';
import type { Store } from '../../lib/ports/store.ts';
import { assetPath } from '../../lib/runtime/assets.ts';
import type { Config } from '../../lib/runtime/config/types.ts';
import type { DoctorWorld, EmbeddedData, Machine } from '../doctor/types.ts';
import { nextStart } from './next-start.ts';

const STORE_TIMEOUT_MS = 8_000;
const CLOSE_MS = 1_000;

/**
 * What the doctor looks at, each part opened so that it only reads and gives up within seconds. Unlike `openContext` it
 * resolves whatever is down. The embedded engine is asked through the SQL port of the process that has it open.
 */
export async function openWorld(config: Config): Promise<{ world: DoctorWorld; close: () => Promise<void> }> {
  const log = openInspector(config);
  const store = await openAskedStore(config);
  const files = await readdir(assetPath('infra', 'clickhouse', 'migrations'));
  const world: DoctorWorld = {
    config,
    now: Date.now,
    log,
    store,
    migrations: files.filter((name) => name.endsWith('.sql')).sort(),
    nextStart: (place) => nextStart(storeOf(store), log, place),
    fetch: globalThis.fetch,
    embedded: () => embeddedData(config),
    machine: machine(),
  };
  // A client that is still trying to connect must not hold the answer back; the process ends with the command.
  const patience = new Promise<void>((done) => void setTimeout(done, CLOSE_MS).unref());
  const close = async (): Promise<void> => {
    await Promise.race([Promise.allSettled([log?.close(), store?.client.close()]), patience]);
  };
  return { world, close };
}

function openInspector({ log }: Config): LogInspector | null {
  if (log.kind === 'embedded') return null;
  const client = { brokers: log.brokers, clientId: 'driftline-doctor' };
  return createKafkaInspector({ ...client, identity: createTopicIdentity(client) });
}

async function openAskedStore(config: Config): Promise<DoctorWorld['store']> {
  const { store, sql } = config;
  if (store.kind === 'clickhouse') {
    const client = createClickHouseStore({ ...store, requestTimeoutMs: STORE_TIMEOUT_MS });
    return { client, readOnly: false, address: store.url };
  }
  const address = `http://${sql.host}:${sql.port}`;
  const login = { username: 'default', password: sql.password ?? '' };
  const client = createClickHouseStore({
    url: address,
    database: store.database,
    ...login,
    requestTimeoutMs: STORE_TIMEOUT_MS,
  });
  const running = await client.ping().then(
    () => true,
    () => false,
  );
  if (running) return { client, readOnly: true, address };
  await client.close();
  return null;
}

function storeOf(store: DoctorWorld['store']): Store {
  if (store === null) throw new Error('no store is open');
  return store.client;
}

async function embeddedData(config: Config): Promise<EmbeddedData | null> {
  if (config.log.kind !== 'embedded' && config.store.kind !== 'embedded') return null;
  const dir = resolve(config.dataDir);
  const exists = await can(dir, constants.F_OK);
  if (!exists) return { dir, exists, writable: false, freeBytes: 0, totalBytes: 0, owner: null };
  const { bavail, blocks, bsize } = await statfs(dir);
  const owner = config.log.kind === 'embedded' ? await runningOwner(join(dir, 'log')) : null;
  const writable = await can(dir, constants.W_OK);
  return { dir, exists, writable, freeBytes: bavail * bsize, totalBytes: blocks * bsize, owner };
}

function can(path: string, mode: number): Promise<boolean> {
  return access(path, mode).then(
    () => true,
    () => false,
  );
}

function machine(): Machine {
  const { engines } = JSON.parse(readFileSync(assetPath('package.json'), 'utf8')) as { engines: { node: string } };
  return {
    nodeVersion: process.versions.node,
    minNodeVersion: engines.node.replace(/^\D+/, ''),
    threadPool: process.env.UV_THREADPOOL_SIZE ?? null,
    memoryBytes: Math.min(totalmem(), groupLimit()),
    heapBytes: getHeapStatistics().heap_size_limit,
  };
}

/** The control group's limit, bytes; infinite where there is none. */
function groupLimit(): number {
  try {
    const limit = Number(readFileSync('/sys/fs/cgroup/memory.max', 'utf8'));
    return Number.isNaN(limit) ? Number.POSITIVE_INFINITY : limit;
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}

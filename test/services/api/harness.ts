import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openChdbStore } from '../../../lib/adapters/chdb/index.ts';
import { createEmbeddedLog } from '../../../lib/adapters/embedded-log/index.ts';
import { TOPICS } from '../../../lib/core/messages/types.ts';
import { migrate } from '../../../lib/migrations/index.ts';
import type { Codec } from '../../../lib/ports/codec.ts';
import type { Log } from '../../../lib/ports/log.ts';
import { type Store, StoreUnavailableError } from '../../../lib/ports/store.ts';
import { loadConfig } from '../../../lib/runtime/config/index.ts';
import type { Config } from '../../../lib/runtime/config/types.ts';
import { createLogger } from '../../../lib/runtime/logging.ts';
import { createRegistry } from '../../../lib/runtime/metrics.ts';
import type { ServiceContext } from '../../../lib/runtime/service.ts';

export interface Bench {
  ctx: ServiceContext;
  log: Log;
  dir: string;
  /** The same context with other configuration. */
  with(config: Partial<Config>): ServiceContext;
  close(): Promise<void>;
}

/** The API reads and writes events as they are: a call of the codec would be a mistake. */
const noCodec = new Proxy({}, { get: (_target, name) => () => assertUnused(String(name)) }) as Codec;

function assertUnused(name: string): never {
  throw new Error(`the API does not use codec.${name}`);
}

/** A store nobody reaches: for tests that are about events only. */
const noStore: Store = {
  database: 'driftline',
  query: () => Promise.reject(new StoreUnavailableError('down')),
  queryNative: () => Promise.reject(new StoreUnavailableError('down')),
  insert: () => Promise.reject(new StoreUnavailableError('down')),
  insertNative: () => Promise.reject(new StoreUnavailableError('down')),
  command: () => Promise.reject(new StoreUnavailableError('down')),
  ping: () => Promise.reject(new StoreUnavailableError('down')),
  close: async () => {},
};

/** An embedded log and, where asked for, the embedded store with this release's tables, in a directory of their own. */
export async function openBench(options: { store: boolean; partitions?: number }): Promise<Bench> {
  const dir = await mkdtemp(join(tmpdir(), 'driftline-api-'));
  const partitions = options.partitions ?? 3;
  const log = await createEmbeddedLog({ dir: join(dir, 'log'), partitions });
  await log.ensureTopics([TOPICS.predictions, TOPICS.labels].map((name) => ({ name, partitions })));
  const store = options.store ? await openChdbStore({ dir: join(dir, 'store'), database: 'driftline' }) : noStore;
  if (options.store) await migrate(store);
  const config = loadConfig({ env: {}, flags: { data_dir: dir, 'http.port': 0 } });
  const logger = createLogger({ name: 'test', level: 'silent' });
  const ctx: ServiceContext = {
    config,
    log,
    store,
    codec: noCodec,
    clock: { now: Date.now },
    logger,
    metrics: createRegistry(),
  };
  return {
    ctx,
    log,
    dir,
    with: (changes) => ({ ...ctx, config: { ...config, ...changes }, metrics: createRegistry() }),
    close: async () => {
      await log.close();
      await store.close();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

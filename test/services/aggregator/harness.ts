import { createCodec } from '../../../lib/adapters/avro/index.ts';
import { createEmbeddedLog } from '../../../lib/adapters/embedded-log/index.ts';
import { type AnnouncementMessage, TOPICS } from '../../../lib/core/messages/types.ts';
import type { ModelSpec } from '../../../lib/core/monitors/types.ts';
import { systemClock } from '../../../lib/ports/clock.ts';
import type { Log, NewRecord } from '../../../lib/ports/log.ts';
import type { Row, Store } from '../../../lib/ports/store.ts';
import type { Config } from '../../../lib/runtime/config/types.ts';
import { createLogger } from '../../../lib/runtime/logging.ts';
import { createRegistry } from '../../../lib/runtime/metrics.ts';
import type { Service, ServiceContext } from '../../../lib/runtime/service.ts';
import { type AggregatorOptions, createAggregator } from '../../../services/aggregator/index.ts';
import { configWith } from '../../support/config.ts';
import { eventually } from '../../support/eventually.ts';
import { replacing } from '../../support/replacing.ts';
import { StoreRoom } from '../../support/store-room.ts';

const TABLES = [
  'aggregation_specs',
  'manifest_rows',
  'chunk_rows',
  'loss_rows',
  'prediction_rows',
  'label_rows',
  'model_rows',
  'model_version_rows',
];

/** One store a test file, a fresh log for each world. */
export class Worlds {
  readonly #room = new StoreRoom('aggregator', TABLES);
  readonly #worlds: World[] = [];

  open(): Promise<void> {
    return this.#room.open();
  }

  async close(): Promise<void> {
    // Those a failed test left open would keep the process alive.
    for (const world of this.#worlds) await world.close();
    await this.#room.close();
  }

  /** A fresh log; the store's tables are emptied. */
  async world(
    settings: Partial<Config['aggregation']> = {},
    models: readonly ModelSpec[] = [],
    partitions = 2,
  ): Promise<World> {
    const { store, dir } = await this.#room.fresh();
    const world = await World.open(dir, store, config(settings, models, partitions));
    this.#worlds.push(world);
    return world;
  }
}

function config(settings: Partial<Config['aggregation']>, models: readonly ModelSpec[], partitions: number): Config {
  const aggregation = { flushIntervalMs: 50, allowedDelayMs: 0, idleAfterMs: 60_000, chunkSize: 64, ...settings };
  return configWith({ partitions, aggregation, models });
}

export class World {
  readonly log: Log;
  readonly store: Store;
  readonly config: Config;
  readonly #dir: string;
  #service: Service | null = null;

  private constructor(dir: string, log: Log, store: Store, settings: Config) {
    this.#dir = dir;
    this.log = log;
    this.store = store;
    this.config = settings;
  }

  static async open(dir: string, store: Store, settings: Config): Promise<World> {
    const { partitions } = settings.log;
    const log = await createEmbeddedLog({ dir, partitions });
    await log.ensureTopics(Object.values(TOPICS).map((name) => ({ name, partitions })));
    return new World(dir, log, store, settings);
  }

  /** Stops everything and opens the same log and store again, under another configuration. */
  async reopen(changes: Partial<Config>): Promise<World> {
    await this.close();
    return World.open(this.#dir, this.store, { ...this.config, ...changes });
  }

  async start(changes: Partial<ServiceContext> = {}, options: AggregatorOptions = {}): Promise<Service> {
    const context: ServiceContext = {
      config: this.config,
      log: this.log,
      store: this.store,
      codec: createCodec({ encoding: 'json' }),
      clock: systemClock,
      logger: createLogger({ name: 'test', level: 'silent' }),
      metrics: createRegistry(),
      ...changes,
    };
    this.#service = createAggregator(context, options);
    await this.#service.start();
    return this.#service;
  }

  async stop(): Promise<void> {
    await this.#service?.stop();
  }

  async close(): Promise<void> {
    await this.stop();
    await this.log.close();
  }

  send(partition: number, values: readonly unknown[], record: Partial<NewRecord> = {}): Promise<void> {
    return this.log.append(
      TOPICS.predictions,
      values.map((value) => ({
        key: null,
        value: typeof value === 'string' || value === null || Buffer.isBuffer(value) ? value : JSON.stringify(value),
        partition,
        ...record,
      })),
    );
  }

  /** Waits until the manifests cover everything that is in the predictions topic. */
  async settled(): Promise<void> {
    const ends = await this.log.offsets(TOPICS.predictions);
    await eventually('manifests that cover all that was sent', async () => {
      const rows = await this.store.query<{ partition: number; reach: number }>(
        'SELECT partition, max(reach) AS reach FROM manifest_rows GROUP BY partition',
      );
      const reach = new Map(rows.map((row) => [row.partition, row.reach]));
      return ends.every(({ partition, end }) => end === 0 || (reach.get(partition) ?? 0) >= end);
    });
  }

  /** Ledger rows without what differs between worlds: when they were written, and of which log. */
  ledger(): Promise<Row[]> {
    return this.store.query('SELECT * EXCEPT (ingested_at, incarnation) FROM chunk_rows FINAL ORDER BY ALL');
  }
}

/** The log as it is after retention took everything of partition 0 before `beginning`. */
export function trimmed(log: Log, beginning: number): Log {
  const offsets: Log['offsets'] = async (topic) =>
    (await log.offsets(topic)).map((one) => (one.partition === 0 ? { ...one, beginning } : one));
  return replacing(log, { offsets });
}

/** Everything announced on driftline.windows, with the partition it came on. */
export async function listen(world: World): Promise<{ partition: number; message: AnnouncementMessage }[]> {
  const codec = createCodec({ encoding: 'json' });
  const heard: { partition: number; message: AnnouncementMessage }[] = [];
  await world.log.consume({
    group: `listener-${Math.random()}`,
    topics: [TOPICS.windows],
    handlers: {
      onAssigned: async () => ({ offset: 0 }),
      onRevoked: async () => {},
      onBatch: async ({ partition, records }) => {
        for (const { value } of records) heard.push({ partition, message: codec.decodeAnnouncement(value!) });
      },
    },
  });
  return heard;
}

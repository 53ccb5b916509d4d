import { createCodec } from '../../../lib/adapters/avro/index.ts';
import { createEmbeddedLog } from '../../../lib/adapters/embedded-log/index.ts';
import type { AlertEvent } from '../../../lib/core/alerts/types.ts';
import { OpenChunk } from '../../../lib/core/chunks/chunk.ts';
import type { AggregationSpec } from '../../../lib/core/chunks/spec.ts';
import type { Prediction } from '../../../lib/core/events/types.ts';
import { TOPICS } from '../../../lib/core/messages/types.ts';
import { systemClock } from '../../../lib/ports/clock.ts';
import type { Log } from '../../../lib/ports/log.ts';
import type { Store } from '../../../lib/ports/store.ts';
import { loadAggregationSpec } from '../../../lib/registry/spec.ts';
import type { Config } from '../../../lib/runtime/config/types.ts';
import { createLogger } from '../../../lib/runtime/logging.ts';
import { createRegistry } from '../../../lib/runtime/metrics.ts';
import type { Service, ServiceContext } from '../../../lib/runtime/service.ts';
import { insertBaseline } from '../../../lib/tables/baselines.ts';
import { ChunkInsert, insertChunkRows } from '../../../lib/tables/chunk-rows.ts';
import { writeManifest } from '../../../lib/tables/manifests.ts';
import { saveSpec } from '../../../lib/tables/specs.ts';
import { createDetector } from '../../../services/detector/index.ts';
import { addEvent } from '../../core/chunks/events.ts';
import { readAll } from '../../support/read-all.ts';
import { StoreRoom } from '../../support/store-room.ts';
import { baselineOf, configOf, type WorldOptions } from './fixtures.ts';

const TABLES = [
  'aggregation_specs',
  'manifest_rows',
  'chunk_rows',
  'window_rows',
  'score_window_rows',
  'hour_rows',
  'day_rows',
  'score_hour_rows',
  'score_day_rows',
  'alert_rows',
  'baseline_rows',
];

/** One engine a test file; every world has a fresh log and empty tables. */
export class Engine {
  readonly #room = new StoreRoom('detector', TABLES);

  open(): Promise<void> {
    return this.#room.open();
  }

  close(): Promise<void> {
    return this.#room.close();
  }

  async world(options: WorldOptions = {}): Promise<World> {
    const { store, dir } = await this.#room.fresh();
    const partitions = options.partitions ?? 1;
    const log = await createEmbeddedLog({ dir, partitions });
    await log.ensureTopics(Object.values(TOPICS).map((name) => ({ name, partitions })));
    return World.create(log, store, options);
  }
}

/** What the aggregator would do, without a topic of predictions: ledger rows, manifests and announcements. */
export class World {
  readonly log: Log;
  readonly store: Store;
  readonly config: Config;
  readonly codec = createCodec({ encoding: 'json' });
  #incarnation = '';
  #spec: AggregationSpec | null = null;
  #specId = '';
  #groupGeneration = 1;
  readonly #chunks = new Map<number, { chunk: OpenChunk; next: number; passed: number; opened: boolean }>();
  readonly #services: Service[] = [];
  readonly #registries = new Map<Service, ServiceContext['metrics']>();

  private constructor(log: Log, store: Store, config: Config) {
    this.log = log;
    this.store = store;
    this.config = config;
  }

  static async create(log: Log, store: Store, options: WorldOptions): Promise<World> {
    const world = new World(log, store, configOf(options));
    for (const model of world.config.models) await insertBaseline(store, baselineOf(model.name, options.features ?? 2));
    await world.useSpec(await loadAggregationSpec(world.config, store));
    world.#incarnation = (await log.describeTopic(TOPICS.predictions)).incarnation;
    return world;
  }

  /** Chunks opened from now on are bound to this spec, by a member of this generation of the group. */
  async useSpec(spec: AggregationSpec, groupGeneration = 1): Promise<void> {
    this.#spec = spec;
    this.#groupGeneration = groupGeneration;
    this.#specId = await saveSpec(this.store, spec);
    for (const [partition, { next, passed }] of this.#chunks) {
      const start = Math.ceil(next / spec.chunkSize) * spec.chunkSize;
      this.#chunks.set(partition, { chunk: this.#open(partition, start), next: start, passed, opened: false });
    }
  }

  get spec(): AggregationSpec {
    return this.#spec!;
  }

  /** Counts events of one partition; nothing is durable until `flush`. */
  add(partition: number, events: readonly Prediction[]): void {
    const state = this.#state(partition);
    for (const event of events) {
      addEvent(state.chunk, event, { offset: state.next, arrival: event.timestamp });
      state.next += 1;
    }
  }

  /** Makes what was added durable and tells the detectors; `passed` is the arrival the partition has come to. */
  async flush(partition: number, passed: number, { announce = true, manifest = true } = {}): Promise<void> {
    const state = this.#state(partition);
    state.passed = Math.max(state.passed, passed);
    const { rows, windows } = state.chunk.changes();
    if (!state.opened) await this.writeManifest(partition, true);
    state.opened = true;
    await insertChunkRows(this.store, [new ChunkInsert(state.chunk.identity, this.#specId, rows)]);
    state.chunk.forgetChanges();
    if (manifest) await this.writeManifest(partition);
    if (!announce) return;
    const origin = { topic: TOPICS.predictions, incarnation: this.#incarnation, partition, reach: state.next };
    for (const model of new Set(windows.map((window) => window.model))) {
      const own = windows.filter((window) => window.model === model);
      const refs = own.map(({ version, role, windowStart: start, windowEnd: end }) => ({ version, role, start, end }));
      const value = this.codec.encodeAnnouncement({ kind: 'windows', ...origin, model, windows: refs });
      await this.log.append(TOPICS.windows, [{ key: model, value }]);
    }
    const value = this.codec.encodeAnnouncement({
      kind: 'progress',
      ...origin,
      passed: state.passed,
      arrived: state.passed,
      replaying: false,
    });
    const { partitions } = await this.log.describeTopic(TOPICS.windows);
    const everywhere = Array.from({ length: partitions }, (_, to) => ({ key: null, value, partition: to }));
    await this.log.append(TOPICS.windows, everywhere);
  }

  async writeManifest(partition: number, opening = false): Promise<void> {
    const { chunk, next, passed } = this.#state(partition);
    await writeManifest(this.store, {
      ...chunk.identity,
      groupGeneration: this.#groupGeneration,
      specId: this.#specId,
      reach: opening ? chunk.identity.chunkStart : next,
      passed: opening ? -1 : passed,
      closed: false,
      replaying: false,
    });
  }

  /** Forgets all that was added: another aggregator begins at the start of the log. */
  restarted(): void {
    this.#chunks.clear();
  }

  async metric(service: Service, name: string): Promise<number> {
    const values = await this.#registries.get(service)!.getSingleMetric(name)!.get();
    return values.values[0]?.value ?? 0;
  }

  async start(changes: Partial<ServiceContext> = {}): Promise<Service> {
    const metrics = createRegistry();
    const service = createDetector({
      config: this.config,
      log: this.log,
      store: this.store,
      codec: this.codec,
      clock: systemClock,
      logger: createLogger({ name: 'test', level: 'silent' }),
      metrics,
      ...changes,
    });
    this.#services.push(service);
    this.#registries.set(service, metrics);
    await service.start();
    return service;
  }

  async close(): Promise<void> {
    for (const service of this.#services) await service.stop();
    await this.log.close();
  }

  /** Alert events on the topic, in order, without repetitions of (episode, revision). */
  async published(): Promise<AlertEvent[]> {
    const events = await this.publishedRaw();
    const seen = new Set<string>();
    return events.filter(({ episode, revision }) => {
      const key = `${episode} ${revision}`;
      return !seen.has(key) && seen.add(key);
    });
  }

  async publishedRaw(): Promise<AlertEvent[]> {
    const records = await readAll(this.log, TOPICS.alerts);
    return records.map(({ value }) => this.codec.decodeAlert(value!));
  }

  #state(partition: number): { chunk: OpenChunk; next: number; passed: number; opened: boolean } {
    const known = this.#chunks.get(partition);
    if (known !== undefined) return known;
    const state = { chunk: this.#open(partition, 0), next: 0, passed: -1, opened: false };
    this.#chunks.set(partition, state);
    return state;
  }

  #open(partition: number, chunkStart: number): OpenChunk {
    const identity = { topic: TOPICS.predictions, incarnation: this.#incarnation, partition, chunkStart };
    return new OpenChunk(this.#spec!, identity);
  }
}

import { createCodec } from '../../lib/adapters/avro/index.ts';
import { createEmbeddedLog } from '../../lib/adapters/embedded-log/index.ts';
import { createPagerDutyChannel } from '../../lib/adapters/pagerduty/index.ts';
import { HEADERS, TOPICS } from '../../lib/core/messages/types.ts';
import { systemClock } from '../../lib/ports/clock.ts';
import type { Log, NewRecord } from '../../lib/ports/log.ts';
import type { Store } from '../../lib/ports/store.ts';
import type { Config } from '../../lib/runtime/config/types.ts';
import { createLogger } from '../../lib/runtime/logging.ts';
import { createRegistry } from '../../lib/runtime/metrics.ts';
import type { Service, ServiceContext } from '../../lib/runtime/service.ts';
import { insertBaseline } from '../../lib/tables/baselines.ts';
import { createAggregator } from '../../services/aggregator/index.ts';
import { createDetector } from '../../services/detector/index.ts';
import { createNotifier } from '../../services/notifier/index.ts';
import { createLocalPagerDuty, type LocalPagerDuty } from '../../services/pagerduty-local/index.ts';
import { baselineOf, configOf, MODEL, quasi, T0 } from '../services/detector/fixtures.ts';
import { eventually } from '../support/eventually.ts';
import { StoreRoom } from '../support/store-room.ts';
import type { Element, ScriptedService } from './language.ts';
import { Probe } from './probe.ts';
import { ScriptedLog } from './scripted-log.ts';

export const SETTINGS = {
  /** An end + this is passed before a window is complete, s. */
  allowedDelay: 5,
  /** Records that arrive later than this after their window's end are lost, s. */
  horizon: 600,
  /** A partition without a record for so long may be idle, s. */
  idleAfter: 0.2,
  /** Small, so that chunks close in a script; batches that cross one are flushed in two. */
  chunkSize: 64,
};

export interface StreamOptions {
  partitions?: number;
  chunkSize?: number;
  /** A monitor, its baseline, a notifier and a local PagerDuty. */
  paging?: boolean;
}

const TABLES = [
  'aggregation_specs',
  'manifest_rows',
  'chunk_rows',
  'loss_rows',
  'window_rows',
  'score_window_rows',
  'alert_rows',
  'incident_rows',
  'delivery_rows',
  'baseline_rows',
  'model_rows',
  'model_version_rows',
];

/** One engine a test file; every world has a fresh log and empty tables. */
export class StreamEngine {
  readonly #room = new StoreRoom('streams', TABLES);

  open(): Promise<void> {
    return this.#room.open();
  }

  close(): Promise<void> {
    return this.#room.close();
  }

  async world(options: StreamOptions = {}): Promise<StreamWorld> {
    const { store, dir } = await this.#room.fresh();
    return StreamWorld.open(dir, store, options);
  }
}

/** Seconds of event time after T0, as ms of the epoch. */
export const ms = (seconds: number): number => T0 + Math.round(seconds * 1_000);

/** The real aggregator, detector and notifier in this process, around a log that a script changes and a clock it moves. */
export class StreamWorld {
  readonly script: ScriptedLog;
  readonly store: Store;
  readonly probe: Probe;
  readonly #log: Log;
  readonly #config: Config;
  readonly #pagerduty: LocalPagerDuty;
  readonly #services = new Map<ScriptedService, Service>();
  readonly #time: { now: number };
  readonly #codec = createCodec({ encoding: 'json' });
  #sent = 0;

  private constructor(
    log: Log,
    script: ScriptedLog,
    store: Store,
    config: Config,
    pagerduty: LocalPagerDuty,
    time: { now: number },
  ) {
    this.#log = log;
    this.script = script;
    this.store = store;
    this.#config = config;
    this.#pagerduty = pagerduty;
    this.#time = time;
    this.probe = new Probe(log, store, this.#codec, pagerduty);
  }

  static async open(dir: string, store: Store, options: StreamOptions): Promise<StreamWorld> {
    const time = { now: T0 };
    const { partitions = 2, paging = false } = options;
    const log = await createEmbeddedLog({ dir, partitions: 2, now: () => time.now });
    const script = await ScriptedLog.create(log, partitions);
    const others = Object.values(TOPICS).filter((name) => name !== TOPICS.predictions);
    await log.ensureTopics(others.map((name) => ({ name, partitions: 2 })));
    const pagerduty = createLocalPagerDuty({ port: 0 });
    await pagerduty.start();
    const config = scriptedConfig(options);
    if (paging) await insertBaseline(store, baselineOf(MODEL, 2));
    const world = new StreamWorld(log, script, store, config, pagerduty, time);
    await world.probe.open();
    return world;
  }

  async close(): Promise<void> {
    for (const service of [...this.#services.keys()].reverse()) await this.stop(service);
    await this.probe.close();
    await this.#pagerduty.stop();
    await this.#log.close();
  }

  service(name: ScriptedService): Service | undefined {
    return this.#services.get(name);
  }

  async start(name: ScriptedService): Promise<void> {
    const registry = createRegistry();
    const context: ServiceContext = {
      config: this.#config,
      log: this.script.port(),
      store: name === 'detector' ? this.probe.watching(this.store) : this.store,
      codec: this.#codec,
      // Only the aggregator asks what time it is on behalf of the stream; the others wait by theirs.
      clock: name === 'aggregator' ? { now: () => this.#time.now } : systemClock,
      logger: createLogger({ name: 'test', level: 'silent' }),
      metrics: registry,
    };
    const service = this.#create(name, context);
    this.#services.set(name, service);
    if (name === 'detector') this.probe.detector = registry;
    await service.start();
  }

  async stop(name: ScriptedService): Promise<void> {
    await this.#services.get(name)?.stop();
    this.#services.delete(name);
  }

  #create(name: ScriptedService, context: ServiceContext): Service {
    switch (name) {
      case 'aggregator':
        return createAggregator(context);
      case 'detector':
        return createDetector(context);
      case 'notifier': {
        const channel = createPagerDutyChannel({ baseUrl: this.#pagerduty.url, routingKey: 'a'.repeat(32) });
        return createNotifier(context, [channel], { backoff: { minDelayMs: 20, maxDelayMs: 40 } });
      }
    }
  }

  /** Lets one element happen. */
  async play(element: Element): Promise<void> {
    switch (element.step) {
      case 'send':
        return this.#send(element);
      case 'clock':
        await this.settled();
        this.#time.now = ms(element.to);
        return;
      case 'hold':
        return this.script.hold(element.partition);
      case 'let-go':
        return this.script.letGo(element.partition);
      case 'broker':
        return this.script.setBroker(element.answers);
      case 'start':
        return this.start(element.service);
      case 'stop':
        return this.stop(element.service);
      case 'restart':
        await this.stop(element.service);
        return this.start(element.service);
      case 'add-partitions':
        return this.script.addPartitions(element.partitions);
      case 'recreate':
        return this.script.recreate(element.partitions);
      case 'commit':
        return this.#commit(element.partition, element.offset);
    }
  }

  /** Waits until the aggregator, if it runs, has everything sent in memory and made it durable: but what is held or halted. */
  async settled(): Promise<void> {
    const aggregator = this.#services.get('aggregator');
    if (aggregator === undefined) return;
    const { incarnation } = await this.script.port().describeTopic(TOPICS.predictions);
    const ends = await this.#log.offsets(this.script.physical(TOPICS.predictions));
    const due = ends.filter(({ partition }) => partition < this.script.partitions && !this.script.isHeld(partition));
    await eventually('everything sent to be durable', async () => {
      const reach = await this.probe.reach(incarnation);
      const halted = aggregator.notReady() ?? '';
      return due.every(({ partition, end }) => {
        const position = this.script.position(partition);
        if (position === null) return halted.includes(`${TOPICS.predictions}/${partition}`);
        return position >= end && (end === 0 || (reach.get(partition) ?? 0) >= end);
      });
    });
  }

  async #send(element: Extract<Element, { step: 'send' }>): Promise<void> {
    const { partition, at, replay = false, progress = false, shift = 0 } = element;
    const records = at.map((time, i): NewRecord => {
      const arrival = ms(element.arrival ?? time);
      const headers = { [HEADERS.arrival]: String(arrival) };
      return {
        key: null,
        partition,
        value: progress ? null : JSON.stringify(predictionAt(ms(time), this.#sent + i, i, shift)),
        ...(replay
          ? { headers: progress ? { ...headers, [HEADERS.progress]: '1' } : headers }
          : { timestamp: arrival }),
      };
    });
    this.#sent += records.length;
    await this.script.port().append(TOPICS.predictions, records);
  }

  async #commit(partition: number, offset: number): Promise<void> {
    const topic = this.script.physical(TOPICS.predictions);
    const consumer = await this.#log.consume({
      group: 'driftline-aggregator',
      topics: [topic],
      handlers: {
        onAssigned: async () => ({ halt: 'only here to commit' }),
        onRevoked: async () => {},
        onBatch: async () => {},
      },
    });
    await eventually('the assignment', () => consumer.joined());
    await consumer.commit({ topic, partition }, offset);
    await consumer.close();
  }
}

function predictionAt(timestamp: number, id: number, i: number, shift: number): object {
  return {
    prediction_id: String(id),
    model: MODEL,
    version: '1',
    timestamp,
    features: { x0: quasi(i, 0) + shift, x1: quasi(i, 1) },
  };
}

function scriptedConfig({ chunkSize = SETTINGS.chunkSize, paging = false }: StreamOptions): Config {
  const config = configOf({ partitions: 2, ...(paging ? {} : { monitors: [] }) });
  return {
    ...config,
    aggregation: {
      ...config.aggregation,
      flushIntervalMs: 20,
      allowedDelayMs: SETTINGS.allowedDelay * 1_000,
      futureSkewMs: 3_600_000,
      horizonMs: SETTINGS.horizon * 1_000,
      idleAfterMs: SETTINGS.idleAfter * 1_000,
      chunkSize,
    },
  };
}

import { setTimeout as sleep } from 'node:timers/promises';
import { CHUNK_LIMITS, type ChunkCaps } from '../../lib/core/chunks/limits.ts';
import { TOPICS } from '../../lib/core/messages/types.ts';
import {
  type Assignment,
  type Batch,
  type Consumer,
  PartitionHaltError,
  type Position,
  type StartPosition,
  type Truncation,
} from '../../lib/ports/log.ts';
import { groupOf } from '../../lib/runtime/consumer-group.ts';
import { deferred } from '../../lib/runtime/deferred.ts';
import type { Service, ServiceContext } from '../../lib/runtime/service.ts';
import { Announcer } from './announcer.ts';
import { ChunkWatch } from './chunk-watch.ts';
import type { Collaborators } from './collaborators.ts';
import { Environment } from './environment.ts';
import { reportHalt } from './halts.ts';
import { LabelPartition } from './label-partition.ts';
import { LagWatch, type ReadPosition } from './lag-watch.ts';
import { LedgerWriter } from './ledger-writer.ts';
import { availableMemory, PartitionRoom } from './memory.ts';
import { PredictionPartition } from './prediction-partition.ts';
import { Serial } from './serial.ts';
import { Sightings } from './sightings.ts';
import { SpecSource } from './spec-source.ts';
import { type AssignedPredictions, Ticker } from './ticker.ts';

export interface AggregatorOptions {
  /** How long a graceful stop may spend on a last flush before it gives up, ms; nothing is lost then, only done again. */
  lastFlushMs?: number;
  /** Caps of an open chunk, for tests. */
  caps?: ChunkCaps;
  /** Bytes of memory this process may take; default what the container or machine has. */
  memory?: number;
  /**
   * Estimated bytes of windows whose rows are copied so that reading goes on while a flush is written; where there is
   * more, and with 0 always, reading waits.
   */
  copiedBytes?: number;
}

const COPIED_BYTES = 16 * 1024 * 1024;

/**
 * The aggregator: predictions and labels from the log into the store's ledger, exactly once for each log record. Any
 * number of them share the work by the consumer group's assignment.
 */
export function createAggregator(context: ServiceContext, options: AggregatorOptions = {}): Service {
  return new Aggregator(context, {
    lastFlushMs: 5_000,
    caps: CHUNK_LIMITS,
    memory: availableMemory(),
    copiedBytes: COPIED_BYTES,
    ...options,
  });
}

class Aggregator implements Service {
  readonly name = 'aggregator';
  readonly #context: ServiceContext;
  readonly #environment: Environment;
  readonly #shared: Collaborators;
  readonly #predictions = new Map<number, AssignedPredictions>();
  readonly #labels = new Map<number, LabelPartition>();
  readonly #room: PartitionRoom;
  readonly #lastFlushMs: number;
  readonly #failure = deferred<never>();
  readonly #lag: LagWatch;
  readonly #chunks: ChunkWatch;
  readonly #ticker: Ticker;
  #consumer: Consumer | null = null;
  #stopping: Promise<void> | null = null;

  constructor(context: ServiceContext, { lastFlushMs, caps, memory, copiedBytes }: Required<AggregatorOptions>) {
    this.#context = context;
    this.#room = new PartitionRoom(memory);
    this.#lastFlushMs = lastFlushMs;
    this.#environment = new Environment(context);
    this.#failure.promise.catch(() => {});
    const announcer = new Announcer(this.#environment);
    this.#shared = {
      environment: this.#environment,
      specs: new SpecSource(this.#environment),
      sightings: new Sightings(this.#environment),
      announcer,
      writer: new LedgerWriter(this.#environment),
      reader: context.codec.predictionReader({ texts: context.config.aggregation.predictionLog }),
      caps,
      copiedBytes,
      // Before `consume` has returned there is nothing to commit with; the manifest decides where to start anyway.
      commit: async (partition, offset) => this.#consumer?.commit(partition, offset),
    };
    this.#lag = new LagWatch(this.#environment, () => this.#positions());
    const assigned = () => [...this.#predictions.values()];
    this.#chunks = new ChunkWatch(this.#environment, assigned);
    this.#ticker = new Ticker(this.#environment, announcer, assigned, { lag: this.#lag, chunks: this.#chunks });
  }

  get failed(): Promise<never> {
    return this.#failure.promise;
  }

  async start(): Promise<void> {
    const { config, log } = this.#context;
    const consumer = await log.consume({
      group: groupOf(config, 'aggregator'),
      topics: [TOPICS.predictions, TOPICS.labels],
      handlers: {
        onAssigned: (place, generation, committed) => this.#assign(place, generation, committed),
        onRevoked: (place, truncation) => this.#revoke(place, truncation),
        onBatch: (batch) => this.#read(batch),
        onPosition: (position) => this.#pass(position),
        onHalted: (place, reason) => reportHalt(this.#environment, place, reason),
      },
    });
    this.#consumer = consumer;
    consumer.failed.catch((error: unknown) => this.#failure.reject(error));
    this.#ticker.start();
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  notReady(): string | null {
    if (this.#consumer?.joined() !== true) return 'has not joined its consumer group yet';
    return this.#consumer.unhealthy() ?? this.#environment.problem();
  }

  async #stop(): Promise<void> {
    this.#ticker.stop();
    const giveUp = setTimeout(() => this.#environment.giveUp(), this.#lastFlushMs);
    try {
      await this.#consumer?.close();
    } finally {
      clearTimeout(giveUp);
      this.#environment.giveUp();
    }
  }

  async #assign(place: Assignment, generation: number, committed: number | null): Promise<StartPosition> {
    const { topic, partition } = place;
    const described = await this.#environment.persist('topic', () => this.#context.log.describeTopic(topic));
    const where = { topic, incarnation: described.incarnation, partition };
    this.#environment.metrics.halted.set({ topic, partition }, 0);
    if (topic === TOPICS.labels) {
      const labels = new LabelPartition(this.#shared, where);
      this.#labels.set(partition, labels);
      return { offset: await labels.start(committed) };
    }
    const predictions = new PredictionPartition(this.#shared, where, generation);
    const full = this.#room.take(partition);
    const start = full === null ? await predictions.start(committed) : { kind: 'halt' as const, reason: full };
    if (start.kind === 'halt') {
      const reason = `${topic}/${partition}: ${start.reason}`;
      if (full === null) this.#room.leave(partition);
      reportHalt(this.#environment, where, reason);
      return { halt: reason };
    }
    this.#predictions.set(partition, { partition: predictions, serial: new Serial(), place });
    const progress = predictions.progress();
    if (progress !== null) await this.#shared.announcer.announce([progress]);
    return { offset: start.offset };
  }

  #positions(): ReadPosition[] {
    const predictions = [...this.#predictions.values()].map(({ place, partition: { position } }) => ({
      ...place,
      position,
    }));
    const labels = [...this.#labels].map(([partition, { position }]) => ({
      topic: TOPICS.labels,
      partition,
      position,
    }));
    return [...predictions, ...labels];
  }

  async #revoke({ topic, partition }: Assignment, truncation?: Truncation): Promise<void> {
    this.#lag.forget({ topic, partition });
    this.#environment.metrics.halted.remove({ topic, partition });
    if (topic === TOPICS.predictions) this.#chunks.forget(partition);
    if (topic === TOPICS.labels) {
      this.#labels.delete(partition);
      return;
    }
    this.#room.leave(partition);
    const assigned = this.#predictions.get(partition);
    this.#predictions.delete(partition);
    if (assigned === undefined) return;
    if (truncation !== undefined) {
      return this.#unlessStopping(() => assigned.serial.run(() => assigned.partition.loseFrom(truncation)));
    }
    // Only for speed: whoever gets the partition reads the open chunk again. So a store that is down must not hold up the
    // group; a flush that comes through later writes rows that the successor's replace or equal.
    const flushed = this.#unlessStopping(() => assigned.serial.run(() => assigned.partition.flush())).catch(
      (error: unknown) => {
        // Another member has it already: what is in memory is void.
        if (!(error instanceof PartitionHaltError)) this.#failure.reject(error);
      },
    );
    const timer = new AbortController();
    await Promise.race([flushed, sleep(this.#lastFlushMs, undefined, { signal: timer.signal }).catch(() => {})]);
    timer.abort();
    assigned.partition.giveUp();
  }

  async #read(batch: Batch): Promise<void> {
    await this.#unlessStopping(async () => {
      if (batch.topic === TOPICS.labels) return this.#labels.get(batch.partition)?.read(batch);
      const assigned = this.#predictions.get(batch.partition);
      return assigned?.serial.run(() => assigned.partition.read(batch));
    }).catch((error: unknown) => {
      const { topic, partition } = batch;
      if (error instanceof PartitionHaltError) reportHalt(this.#environment, { topic, partition }, error.message);
      throw error;
    });
  }

  async #pass(position: Position): Promise<void> {
    await this.#unlessStopping(async () => {
      if (position.topic === TOPICS.labels) return this.#labels.get(position.partition)?.pass(position);
      const assigned = this.#predictions.get(position.partition);
      return assigned?.serial.run(() => assigned.partition.pass(position));
    });
  }

  /** What a stop interrupts is not an error: it is read again after the next start. */
  async #unlessStopping(task: () => Promise<void>): Promise<void> {
    try {
      await task();
    } catch (error) {
      if (!this.#environment.stopped) throw error;
    }
  }
}

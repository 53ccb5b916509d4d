import { TOPICS } from '../../lib/core/messages/types.ts';
import type { Environment } from './environment.ts';
import type { PredictionPartition } from './prediction-partition.ts';

const SETTINGS_MS = 60_000;

type Assigned = { place: { partition: number }; partition: PredictionPartition };
type OpenChunk = NonNullable<PredictionPartition['openChunk']>;

/**
 * Measures open chunks against the log's retention: a chunk whose beginning the log has dropped cannot be read again, so
 * what was not written of it by then would be lost with the process.
 */
export class ChunkWatch {
  readonly #environment: Environment;
  readonly #assigned: () => Assigned[];
  #retention: { ms: number; readAt: number } | null = null;

  constructor(environment: Environment, assigned: () => Assigned[]) {
    this.#environment = environment;
    this.#assigned = assigned;
  }

  /** Rejects where the log does not answer. */
  async look(): Promise<void> {
    if (this.#assigned().length === 0) return;
    const retentionMs = await this.#retentionMs();
    const offsets = await this.#environment.context.log.offsets(TOPICS.predictions);
    const beginnings = new Map(offsets.map(({ partition, beginning }) => [partition, beginning]));
    for (const { place, partition } of this.#assigned()) {
      const { openChunk } = partition;
      if (openChunk === null) this.forget(place.partition);
      else this.#measure(place.partition, openChunk, beginnings.get(place.partition) ?? 0, retentionMs);
    }
  }

  /** The partition has no open chunk here. */
  forget(partition: number): void {
    const labels = { topic: TOPICS.predictions, partition };
    this.#environment.metrics.chunkAge.remove(labels);
    this.#environment.metrics.retentionLeft.remove(labels);
  }

  #measure(partition: number, chunk: OpenChunk, beginning: number, retentionMs: number): void {
    const { context, metrics } = this.#environment;
    const labels = { topic: TOPICS.predictions, partition };
    const age = Math.max(0, context.clock.now() - chunk.since);
    metrics.chunkAge.set(labels, age / 1000);
    // A chunk past its age ends with the next record: once all of it is written, nothing is at stake.
    const isOver = chunk.done && age > context.config.aggregation.chunkAgeMs;
    if (isOver || retentionMs < 0) metrics.retentionLeft.set(labels, 1);
    else metrics.retentionLeft.set(labels, beginning > chunk.start ? 0 : Math.max(0, 1 - age / retentionMs));
  }

  /** ms; negative: without end. */
  async #retentionMs(): Promise<number> {
    const { clock, log } = this.#environment.context;
    const now = clock.now();
    if (this.#retention === null || now - this.#retention.readAt > SETTINGS_MS) {
      const { config } = await log.topicSettings(TOPICS.predictions);
      this.#retention = { ms: Number(config['retention.ms'] ?? -1), readAt: now };
    }
    return this.#retention.ms;
  }
}

import { TOPICS } from '../../lib/core/messages/types.ts';
import type { Assignment } from '../../lib/ports/log.ts';
import { describeError } from '../../lib/runtime/errors.ts';
import type { Announcer } from './announcer.ts';
import type { ChunkWatch } from './chunk-watch.ts';
import type { Environment } from './environment.ts';
import type { LagWatch } from './lag-watch.ts';
import type { PredictionPartition } from './prediction-partition.ts';
import type { Serial } from './serial.ts';

export interface AssignedPredictions {
  partition: PredictionPartition;
  serial: Serial;
  place: Assignment;
}

/** How often progress is repeated for detectors that have restarted. */
const REPEAT_MS = 5_000;
/** Of the flush interval: what comes right after a flush began is seen when the next one has ended, within the interval. */
const FLUSH_AFTER = 0.75;
const LAG_MS = 2_000;
const CHUNKS_MS = 5_000;

/** What is measured by asking the log. */
interface Watches {
  lag: LagWatch;
  chunks: ChunkWatch;
}

/** Does what time asks for: flushes, repeated progress, the lag, and idle partitions. */
export class Ticker {
  readonly #environment: Environment;
  readonly #announcer: Announcer;
  readonly #assigned: () => AssignedPredictions[];
  readonly #watches: Watches;
  readonly #timers: NodeJS.Timeout[] = [];

  constructor(environment: Environment, announcer: Announcer, assigned: () => AssignedPredictions[], watches: Watches) {
    this.#watches = watches;
    this.#environment = environment;
    this.#announcer = announcer;
    this.#assigned = assigned;
  }

  start(): void {
    const { flushIntervalMs, idleAfterMs } = this.#environment.context.config.aggregation;
    this.#every(flushIntervalMs * FLUSH_AFTER, () => this.#flushAll());
    this.#every(REPEAT_MS, () => this.#repeatProgress());
    this.#every(LAG_MS, () => this.#watches.lag.look());
    this.#every(CHUNKS_MS, () => this.#watches.chunks.look());
    this.#every(Math.min(REPEAT_MS, Math.max(100, idleAfterMs / 2)), () => this.#announceIdle());
  }

  stop(): void {
    for (const timer of this.#timers) clearInterval(timer);
  }

  /** Runs the task at an interval, but never beside itself. */
  #every(intervalMs: number, task: () => Promise<void>): void {
    let running = false;
    const timer = setInterval(() => {
      if (running) return;
      running = true;
      task()
        .catch((error: unknown) => {
          if (this.#environment.stopped) return;
          this.#environment.context.logger.warn({ err: error }, `aggregator: ${describeError(error)}`);
        })
        .finally(() => {
          running = false;
        });
    }, intervalMs);
    this.#timers.push(timer);
  }

  async #flushAll(): Promise<void> {
    await Promise.all(this.#assigned().map(({ partition, serial }) => serial.run(() => partition.flushBehind())));
  }

  async #repeatProgress(): Promise<void> {
    const progress = this.#assigned().map(({ partition }) => partition.progress());
    await this.#announcer.announce(progress.filter((message) => message !== null));
  }

  /**
   * A partition is idle when it is read to the broker's end and nothing came for `idle_after`. The time is taken before
   * the broker is asked: a record that the broker did not have yet can only arrive later than it.
   */
  async #announceIdle(): Promise<void> {
    const { clock, config, log } = this.#environment.context;
    const now = clock.now();
    const quiet = this.#assigned().filter(
      ({ partition }) => partition.idleCandidate && now - partition.lastRead >= config.aggregation.idleAfterMs,
    );
    if (quiet.length === 0) return;
    const ends = new Map((await log.offsets(TOPICS.predictions)).map(({ partition, end }) => [partition, end]));
    const idle = quiet.filter(
      ({ partition, place }) => partition.idleCandidate && ends.get(place.partition) === partition.position,
    );
    await this.#announcer.announce(idle.map(({ partition }) => partition.progress(now)).filter((m) => m !== null));
  }
}

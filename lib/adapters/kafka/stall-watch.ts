import type { PartitionOffsets } from '../../ports/log.ts';
import type { PartitionWorker } from './partition-worker.ts';

/** Between looks, and how long nothing may be fetched of a partition that has records before it is unhealthy … */
const LOOK_MS = 5000;
const STALLED_MS = 20_000;
/** … and before the consumer gives up, so that whoever runs it starts another. */
const HOPELESS_MS = 120_000;

/**
 * Progress-based liveness: a consumer that beats but fetches nothing, though the broker has records for it, is not alive.
 * Partitions that are halted, paused or being handled are not its matter, nor is a broker that does not answer.
 */
export class StallWatch {
  private readonly workers: () => Iterable<PartitionWorker>;
  private readonly offsets: (topic: string) => Promise<PartitionOffsets[]>;
  private readonly giveUp: (error: Error) => void;
  private readonly timer: NodeJS.Timeout;
  private stalled: string | null = null;
  private looking = false;

  constructor(
    workers: () => Iterable<PartitionWorker>,
    offsets: (topic: string) => Promise<PartitionOffsets[]>,
    giveUp: (error: Error) => void,
  ) {
    this.workers = workers;
    this.offsets = offsets;
    this.giveUp = giveUp;
    this.timer = setInterval(() => void this.look(), LOOK_MS);
    this.timer.unref();
  }

  /** Names a partition that is not read though it could be, or null. */
  unhealthy(): string | null {
    return this.stalled;
  }

  stop(): void {
    clearInterval(this.timer);
  }

  private async look(): Promise<void> {
    if (this.looking) return;
    this.looking = true;
    // Without a broker there is nothing to read: said elsewhere.
    await this.judge().catch(() => {});
    this.looking = false;
  }

  private async judge(): Promise<void> {
    const suspects = [...this.workers()].filter((worker) => stillFor(worker) > STALLED_MS);
    const ends = new Map<string, PartitionOffsets[]>();
    for (const topic of new Set(suspects.map(({ assignment }) => assignment.topic))) {
      ends.set(topic, await this.offsets(topic));
    }
    let stalled: string | null = null;
    for (const worker of suspects) {
      const { topic, partition } = worker.assignment;
      const end = ends.get(topic)?.find((one) => one.partition === partition)?.end ?? 0;
      // It may have moved while we asked.
      const ms = stillFor(worker);
      if (worker.expected === null || end <= worker.expected || ms <= STALLED_MS) {
        if (worker.expected !== null && end <= worker.expected) worker.movedAt = performance.now();
        continue;
      }
      stalled = `${topic}/${partition}: nothing was fetched for ${Math.round(ms / 1000)} s, but the log has records up to ${end}`;
      if (ms > HOPELESS_MS) this.giveUp(new Error(stalled));
    }
    this.stalled = stalled;
  }
}

/** For how long, ms, it was ready to read and nothing came. */
function stillFor(worker: PartitionWorker): number {
  if (worker.expected === null || worker.isStopped || worker.paused || !worker.idle) return 0;
  return performance.now() - worker.movedAt;
}

import type { Assignment } from '../../lib/ports/log.ts';
import type { Environment } from './environment.ts';

/** How far an assigned partition has been read. */
export interface ReadPosition extends Assignment {
  /** The next offset to read. */
  position: number;
}

/**
 * Compares positions with the ends of the partitions by asking the log: batches tell their lag too, but none comes while
 * consumption is paused, which is when the lag grows.
 */
export class LagWatch {
  readonly #environment: Environment;
  readonly #positions: () => ReadPosition[];

  constructor(environment: Environment, positions: () => ReadPosition[]) {
    this.#environment = environment;
    this.#positions = positions;
  }

  /** Rejects where the log does not answer. */
  async look(): Promise<void> {
    const topics = new Set(this.#positions().map(({ topic }) => topic));
    for (const topic of topics) {
      const ends = new Map((await this.#environment.context.log.offsets(topic)).map((one) => [one.partition, one.end]));
      for (const { partition, position } of this.#positions().filter((one) => one.topic === topic)) {
        const end = ends.get(partition);
        if (end !== undefined) this.#environment.metrics.lag.set({ topic, partition }, Math.max(0, end - position));
      }
    }
  }

  /** The partition is another's now. */
  forget({ topic, partition }: Assignment): void {
    this.#environment.metrics.lag.remove({ topic, partition });
    this.#environment.metrics.passed.remove({ topic, partition });
  }
}

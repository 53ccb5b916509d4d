import { totalmem } from 'node:os';

const MEBIBYTE = 1024 * 1024;
/** What the process takes before its first partition, and what it needs to send and receive. */
const OWN_BYTES = 256 * MEBIBYTE;
/** What one partition may hold, see docs/limits.md. */
const PARTITION_BYTES = 64 * MEBIBYTE;

/** Memory that the container gives this process, or else the machine has. */
export function availableMemory(): number {
  // 0 or absurdly much where nothing limits it.
  const constrained = process.constrainedMemory();
  return constrained > 0 ? Math.min(constrained, totalmem()) : totalmem();
}

/** Which partitions of the predictions this process reads: no more than fit into its memory. */
export class PartitionRoom {
  readonly #most: number;
  readonly #memory: number;
  readonly #taken = new Set<number>();

  constructor(memory: number) {
    this.#memory = memory;
    this.#most = Math.max(1, Math.floor((memory - OWN_BYTES) / PARTITION_BYTES));
  }

  /** Takes the partition in, or says why not, and what to do. */
  take(partition: number): string | null {
    if (!this.#taken.has(partition) && this.#taken.size >= this.#most) {
      return (
        `this process has ${Math.floor(this.#memory / MEBIBYTE)} MiB of memory, enough for ${this.#most} partitions: ` +
        'start another aggregator, or give this one 64 MiB more for each'
      );
    }
    this.#taken.add(partition);
    return null;
  }

  leave(partition: number): void {
    this.#taken.delete(partition);
  }
}

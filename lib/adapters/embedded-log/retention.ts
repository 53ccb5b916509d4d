import { boundsKey, type Catalog, type Partition, wake } from './catalog.ts';
import { batchCount, batchTimestamp } from './record-batch.ts';
import type { Storage } from './storage.ts';

const INTERVAL_MS = 60_000;
const BATCHES_A_TRANSACTION = 500;

/** Removes, once a minute, record batches whose newest record is older than the topic's `retention.ms`. */
export class Retention {
  private readonly storage: Storage;
  private readonly catalog: Catalog;
  private readonly now: () => number;
  private readonly timer: NodeJS.Timeout;
  private running: Promise<void> = Promise.resolve();
  private closed = false;

  constructor(storage: Storage, catalog: Catalog, now: () => number) {
    this.storage = storage;
    this.catalog = catalog;
    this.now = now;
    this.timer = setInterval(() => this.start(), INTERVAL_MS);
    this.timer.unref();
  }

  /** Sweeps now; a disk that cannot be written is left to the next sweep (and to appends, which report it). */
  start(): void {
    this.running = this.running.then(() => this.sweep()).catch(() => {});
  }

  async close(): Promise<void> {
    this.closed = true;
    clearInterval(this.timer);
    await this.running;
  }

  private async sweep(): Promise<void> {
    for (const topic of this.catalog.all()) {
      const age = Number(topic.config['retention.ms'] ?? -1);
      if (!(age >= 0)) continue;
      for (const partition of topic.partitions) {
        while (!this.closed && (await this.trim(partition, this.now() - age)));
      }
    }
  }

  /** Removes up to 500 batches; true where there may be more to remove. */
  private async trim(partition: Partition, before: number): Promise<boolean> {
    const { storage } = this;
    const old: number[] = [];
    let beginning = partition.beginning;
    const range = {
      start: [partition.uid, 0],
      end: [partition.uid, partition.end],
      limit: BATCHES_A_TRANSACTION,
    } as const;
    for (const { key, value } of storage.batches.getRange({ ...range, start: [...range.start], end: [...range.end] })) {
      if (batchTimestamp(value) >= before) break;
      old.push(key[1]);
      beginning = key[1] + batchCount(value);
    }
    if (old.length === 0) return false;
    await storage.write((transaction) => {
      for (const baseOffset of old) transaction.removeBatch([partition.uid, baseOffset]);
      transaction.putMeta(boundsKey(partition.uid), { beginning, end: Math.max(beginning, partition.end) });
    });
    partition.beginning = beginning;
    wake(partition);
    return old.length === BATCHES_A_TRANSACTION;
  }
}

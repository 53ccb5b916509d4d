import { LogUnavailableError } from '../../ports/log.ts';
import { ByteWriter } from './byte-writer.ts';
import { type Partition, wake } from './catalog.ts';
import { type EncodedBatch, encodeBatches, type PreparedRecord } from './record-batch.ts';
import type { MetaKey, Storage, Transaction } from './storage.ts';

const PAGE_BYTES = 4096;

/** What goes into the next transaction. */
interface Group {
  records: Map<Partition, PreparedRecord[]>;
  meta: Map<string, { key: MetaKey; value: unknown }>;
  done: Promise<void>;
}

/**
 * Group commit: whatever arrives while a transaction is being flushed goes into the next one, together. One transaction
 * is in flight at a time, so offsets are handed out in order and a failed one leaves no hole.
 */
export class Writer {
  private readonly storage: Storage;
  private readonly bytes = new ByteWriter();
  private next: Group | null = null;
  private running: Promise<void> = Promise.resolve();
  private closed = false;

  constructor(storage: Storage) {
    this.storage = storage;
  }

  /** Resolves when the records are durable. Rejects with LogUnavailableError; none of them is then in the log. */
  append(records: ReadonlyMap<Partition, readonly PreparedRecord[]>): Promise<void> {
    const group = this.group();
    for (const [partition, added] of records) {
      const queued = group.records.get(partition);
      if (queued === undefined) group.records.set(partition, [...added]);
      else for (const record of added) queued.push(record);
    }
    return group.done;
  }

  /** Resolves when the value is durable; of several for one key the last counts. */
  put(key: MetaKey, value: unknown): Promise<void> {
    const group = this.group();
    group.meta.set(JSON.stringify(key), { key, value });
    return group.done;
  }

  /** Refuses new writes and resolves when those under way have ended. */
  async close(): Promise<void> {
    this.closed = true;
    await (this.next?.done ?? this.running).catch(() => {});
  }

  private group(): Group {
    if (this.closed) throw new LogUnavailableError('embedded log: closed');
    if (this.next === null) {
      const group: Group = { records: new Map(), meta: new Map(), done: Promise.resolve() };
      this.next = group;
      group.done = this.running.then(
        () => this.commit(group),
        () => this.commit(group),
      );
      this.running = group.done;
    }
    return this.next;
  }

  private async commit(group: Group): Promise<void> {
    // Let everything of this turn of the event loop join.
    await new Promise((resolve) => setImmediate(resolve));
    this.next = null;
    const encoded = [...group.records].map(([partition, records]) => ({
      partition,
      end: partition.end + records.length,
      batches: encodeBatches(this.bytes, partition.end, records),
    }));
    const grows = encoded.reduce(
      (sum, { batches }) => sum + batches.reduce((all, { bytes }) => all + takes(bytes), 0),
      0,
    );
    await this.storage.write((transaction) => {
      for (const { partition, batches } of encoded) putBatches(transaction, partition, batches);
      for (const { key, value } of group.meta.values()) transaction.putMeta(key, value);
    }, grows);
    for (const { partition, end } of encoded) {
      partition.end = end;
      wake(partition);
    }
  }
}

/** A value takes whole pages, and may make the tree's grow. */
const takes = (bytes: Buffer): number => bytes.length + 4 * PAGE_BYTES;

function putBatches(transaction: Transaction, { uid }: Partition, batches: readonly EncodedBatch[]): void {
  for (const { baseOffset, bytes } of batches) transaction.putBatch([uid, baseOffset], bytes);
}

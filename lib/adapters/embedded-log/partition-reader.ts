import {
  type Assignment,
  type Batch,
  type ConsumerHandlers,
  PartitionHaltError,
  type StartPosition,
} from '../../ports/log.ts';
import type { Partition } from './catalog.ts';
import { readRecords } from './reader.ts';
import type { Storage } from './storage.ts';

/** Reads one assigned partition and hands its batches to the handlers, one call at a time. */
export class PartitionReader {
  readonly assignment: Assignment;
  /** Why it does not read, or null. */
  halted: string | null = null;
  private readonly storage: Storage;
  private readonly partition: Partition;
  private readonly handlers: ConsumerHandlers;
  private running: Promise<void> = Promise.resolve();
  private stopped = false;
  private wakeUp: (() => void) | null = null;

  constructor(storage: Storage, partition: Partition, handlers: ConsumerHandlers) {
    this.storage = storage;
    this.partition = partition;
    this.handlers = handlers;
    this.assignment = { topic: partition.topic, partition: partition.partition };
  }

  start(position: StartPosition, onError: (error: unknown) => void): void {
    if ('halt' in position) this.halted = position.halt;
    else this.running = this.run(position.offset).catch((error) => this.end(error, onError));
  }

  /** Resolves when the running call has ended; no further call follows. */
  async stop(): Promise<void> {
    this.abandon();
    await this.running;
  }

  /** Stops after the running call, without waiting for it. */
  abandon(): void {
    this.stopped = true;
    this.wakeUp?.();
  }

  private end(error: unknown, onError: (error: unknown) => void): void {
    if (error instanceof PartitionHaltError) this.halted = error.message;
    else onError(error);
  }

  private async run(start: number): Promise<void> {
    let position = start;
    while (!this.stopped && this.inRange(position)) {
      const batch = this.read(position);
      if (batch === null) {
        await this.changed();
        continue;
      }
      await this.handlers.onBatch(batch);
      position = batch.nextOffset;
      // A handler that never really waits must not keep timers and sockets from being served.
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  private inRange(position: number): boolean {
    const { beginning, end, topic, partition } = this.partition;
    if (position >= beginning && position <= end) return true;
    this.halted = `${topic}/${partition}: offset ${position} is outside the log, which holds ${beginning} to ${end}`;
    return false;
  }

  private read(position: number): Batch | null {
    const records = readRecords(this.storage, this.partition, position);
    const last = records.at(-1);
    if (last === undefined) return null;
    return { ...this.assignment, records, nextOffset: last.offset + 1, endOffset: this.partition.end };
  }

  private changed(): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        this.partition.waiters.delete(done);
        this.wakeUp = null;
        resolve();
      };
      this.wakeUp = done;
      this.partition.waiters.add(done);
    });
  }
}

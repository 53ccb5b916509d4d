import { type Assignment, type ConsumerHandlers, PartitionHaltError, type Truncation } from '../../ports/log.ts';
import { epochOf, type Fetched, type RecordEpoch } from './batches.ts';
import { type Slice, slicesOf, UnreadableBatchError } from './slices.ts';

/** Records of one call to a handler, at first and at most. */
const SLICE_RECORDS = 2000;
/** What a call should take; slices of a handler that takes longer become smaller. */
const SLICE_MS = 500;
/** Fetches that may wait while another is handled: one, so that the network and the handler work side by side. */
const ROOM = 1;

/** What a worker needs of those who fetch for it. */
export interface WorkerEvents {
  onError(error: unknown): void;
  onRoom(): void;
  /** Resolves when what was fetched before `since` (performance.now()) is known to be of the topic we read. */
  confirm(since: number): Promise<void>;
}

/**
 * One assigned partition: a short queue of fetched batches, handed to the handlers by a loop of its own. The fetch loop
 * and its heartbeats go on while a handler takes its time.
 */
export class PartitionWorker {
  readonly assignment: Assignment;
  /** Where the next fetch must begin; null until the handler has said where to start, and for ever when halted. */
  expected: number | null = null;
  /** Where reading goes on once the log is known to hold it; what counts while `expected` is null. */
  target: number | null = null;
  /** Of the last record fetched. */
  epoch: RecordEpoch | null = null;
  /** A later leader epoch under which the log is known to hold still what was fetched. */
  checkedEpoch = -1;
  /** Why it does not read, or null. */
  halted: string | null = null;
  /** kafkajs was told not to fetch it. */
  paused = false;
  /** The handlers know of it: onAssigned was called, so onRevoked has to follow. */
  announced = false;
  /** Resolves when the start is over, onAssigned included. */
  started: Promise<void> = Promise.resolve();
  /** When something was last fetched or handled, by performance.now(). */
  movedAt = performance.now();
  private readonly handlers: ConsumerHandlers;
  private readonly events: WorkerEvents;
  private readonly stopping: Promise<void>;
  private tellStopped: () => void = () => {};
  private queue: (Fetched & { at: number })[] = [];
  private running: Promise<void> = Promise.resolve();
  private active = false;
  private handling = false;
  private stopped = false;
  private slice = SLICE_RECORDS;
  private roomWaiters: (() => void)[] = [];

  constructor(assignment: Assignment, handlers: ConsumerHandlers, events: WorkerEvents) {
    this.assignment = assignment;
    this.handlers = handlers;
    this.events = events;
    this.stopping = new Promise((resolve) => {
      this.tellStopped = resolve;
    });
  }

  get isStopped(): boolean {
    return this.stopped;
  }

  /** No more room: the fetcher should wait, and pause the partition when that takes long. */
  get full(): boolean {
    return this.queue.length > ROOM;
  }

  /** Where it stands, for the stall watch: null while it is not the adapter's matter that nothing is fetched. */
  get position(): number | null {
    return this.stopped || this.halted !== null || this.handling ? null : (this.expected ?? this.target);
  }

  /** Halts for a reason that the handlers do not know of. */
  haltAndTell(reason: string): void {
    this.halt(reason);
    this.handlers.onHalted?.(this.assignment, reason);
  }

  halt(reason: string): void {
    this.halted = reason;
    this.expected = null;
    this.queue = [];
  }

  /** Takes a fetched batch, which must begin at `expected`. */
  offer(fetched: Fetched): void {
    this.expected = fetched.nextOffset;
    this.epoch = epochOf(fetched.blocks.at(-1)) ?? this.epoch;
    this.movedAt = performance.now();
    this.queue.push({ ...fetched, at: this.movedAt });
    if (!this.active) this.running = this.drain();
  }

  /** Resolves when there is room, when the worker stops, or after `ms`. */
  room(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.roomWaiters.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  /** Resolves when the start and the running call are over. */
  async settled(): Promise<void> {
    await this.started;
    await this.running;
  }

  /** Drops what waits; after the running call no other follows. */
  stop(): void {
    this.stopped = true;
    this.queue = [];
    this.tellStopped();
    this.tellRoom();
  }

  revoke(truncation?: Truncation): Promise<void> {
    return this.announced ? this.handlers.onRevoked(this.assignment, truncation) : Promise.resolve();
  }

  private async drain(): Promise<void> {
    this.active = true;
    try {
      for (let next = this.queue.shift(); next !== undefined; next = this.queue.shift()) {
        this.tellRoom();
        await Promise.race([this.events.confirm(next.at), this.stopping]);
        this.handling = true;
        if (!this.stopped) await this.handle(next);
        this.handling = false;
        this.movedAt = performance.now();
      }
    } catch (error) {
      if (error instanceof PartitionHaltError) this.halt(error.message);
      else this.events.onError(error);
    }
    this.handling = false;
    this.active = false;
  }

  private async handle(fetched: Fetched): Promise<void> {
    const { nextOffset, endOffset } = fetched;
    let taken = 0;
    try {
      for await (const slice of slicesOf(fetched, () => this.slice)) {
        if (this.stopped) return;
        taken += slice.records.length;
        await this.hand(slice, endOffset);
        if (this.stopped) return;
      }
    } catch (error) {
      if (!(error instanceof UnreadableBatchError)) throw error;
      if (this.stopped) return;
      const { topic, partition } = this.assignment;
      return this.haltAndTell(`${topic}/${partition}: ${error.message}`);
    }
    if (taken === 0 && !this.stopped) await this.handlers.onPosition?.({ ...this.assignment, nextOffset, endOffset });
  }

  private async hand({ records, nextOffset, leaderEpoch }: Slice, endOffset: number): Promise<void> {
    const began = performance.now();
    const more = leaderEpoch < 0 ? {} : { leaderEpoch };
    await this.handlers.onBatch({ ...this.assignment, records, nextOffset, endOffset, ...more });
    this.fitSlice(records.length, performance.now() - began);
    // A handler that never really waits must not keep heartbeats from being sent.
    await new Promise((resolve) => setImmediate(resolve));
  }

  /** As many records as would have taken half a second; back to the most where a handler is quick again. */
  private fitSlice(records: number, ms: number): void {
    const fitting = Math.floor((records * SLICE_MS) / Math.max(ms, 1));
    this.slice = Math.max(1, Math.min(SLICE_RECORDS, fitting));
  }

  private tellRoom(): void {
    const waiters = this.roomWaiters;
    this.roomWaiters = [];
    for (const waiter of waiters) waiter();
    if (!this.stopped) this.events.onRoom();
  }
}

import { type Assignment, type ConsumerHandlers, PartitionHaltError } from '../../ports/log.ts';
import type { Fetched } from './batches.ts';
import { toLogRecord } from './records.ts';

/** Records of one call to a handler: even at 100 µs a record it ends well within a second. */
const SLICE_RECORDS = 2000;
/** Fetches that may wait while another is handled: one, so that the network and the handler work side by side. */
const ROOM = 1;

/**
 * One assigned partition: a short queue of fetched batches, handed to the handlers by a loop of its own. The fetch loop
 * and its heartbeats go on while a handler takes its time.
 */
export class PartitionWorker {
  readonly assignment: Assignment;
  /** Where the next fetch must begin; null until the handler has said where to start, and for ever when halted. */
  expected: number | null = null;
  /** Why it does not read, or null. */
  halted: string | null = null;
  /** kafkajs was told not to fetch it. */
  paused = false;
  /** The handlers know of it: onAssigned was called, so onRevoked has to follow. */
  announced = false;
  /** Resolves when the start is over, onAssigned included. */
  started: Promise<void> = Promise.resolve();
  private readonly handlers: ConsumerHandlers;
  private readonly onError: (error: unknown) => void;
  private readonly onRoom: () => void;
  private queue: Fetched[] = [];
  private running: Promise<void> = Promise.resolve();
  private active = false;
  private stopped = false;
  private roomWaiters: (() => void)[] = [];

  constructor(
    assignment: Assignment,
    handlers: ConsumerHandlers,
    events: { onError(error: unknown): void; onRoom(): void },
  ) {
    this.assignment = assignment;
    this.handlers = handlers;
    this.onError = events.onError;
    this.onRoom = events.onRoom;
  }

  get isStopped(): boolean {
    return this.stopped;
  }

  /** No more room: the fetcher should wait, and pause the partition when that takes long. */
  get full(): boolean {
    return this.queue.length > ROOM;
  }

  halt(reason: string): void {
    this.halted = reason;
    this.expected = null;
  }

  /** Takes a fetched batch, which must begin at `expected`. */
  offer(fetched: Fetched): void {
    this.expected = fetched.nextOffset;
    this.queue.push(fetched);
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
    this.tellRoom();
  }

  private async drain(): Promise<void> {
    this.active = true;
    try {
      for (let next = this.queue.shift(); next !== undefined; next = this.queue.shift()) {
        this.tellRoom();
        await this.handle(next);
      }
    } catch (error) {
      if (error instanceof PartitionHaltError) this.halt(error.message);
      else this.onError(error);
    }
    this.active = false;
  }

  private async handle({ messages, nextOffset, endOffset }: Fetched): Promise<void> {
    if (messages.length === 0) await this.handlers.onPosition?.({ ...this.assignment, nextOffset, endOffset });
    for (let start = 0; start < messages.length && !this.stopped; start += SLICE_RECORDS) {
      const end = Math.min(messages.length, start + SLICE_RECORDS);
      const records = messages.slice(start, end).map(toLogRecord);
      const next = end === messages.length ? nextOffset : records.at(-1)!.offset + 1;
      await this.handlers.onBatch({ ...this.assignment, records, nextOffset: next, endOffset });
      // A handler that never really waits must not keep heartbeats from being sent.
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  private tellRoom(): void {
    const waiters = this.roomWaiters;
    this.roomWaiters = [];
    for (const waiter of waiters) waiter();
    if (!this.stopped) this.onRoom();
  }
}

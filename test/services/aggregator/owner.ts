import { setTimeout as sleep } from 'node:timers/promises';
import { TOPICS } from '../../../lib/core/messages/types.ts';
import { type Clock, systemClock } from '../../../lib/ports/clock.ts';
import {
  type Consumer,
  type ConsumerHandlers,
  type Log,
  type LogRecord,
  PartitionHaltError,
  StaleAssignmentError,
} from '../../../lib/ports/log.ts';
import type { Store } from '../../../lib/ports/store.ts';
import type { Service } from '../../../lib/runtime/service.ts';
import { replacing } from '../../support/replacing.ts';
import type { World } from './harness.ts';

const PLACE = { topic: TOPICS.predictions, partition: 0 };

/** Hours pass between any two looks at it: every batch is flushed at once, the service's timers do nothing. */
export const HASTY = { flushIntervalMs: 10 ** 8, idleAfterMs: 10 ** 12 };
function hasty(): Clock {
  let ahead = 0;
  return {
    ...systemClock,
    now: () => {
      ahead += 2 * HASTY.flushIntervalMs;
      return Date.now() + ahead;
    },
  };
}

/** The partition as the broker has it: who owns it, and what is still there of `records` (by offset). */
export interface Partition {
  records: readonly LogRecord[];
  beginning: number;
  /** Of the group; the owner of an earlier one does not know that it is none any more. */
  generation: number;
}

/** An aggregator in the hands of a test: it is told what is assigned and read, and stands still or dies where it is told. */
export class Owner {
  readonly #world: World;
  readonly #partition: Partition;
  readonly #generation: number;
  #service: Service | null = null;
  #handlers: ConsumerHandlers | null = null;
  #position = 0;
  #ready = false;
  /** Store operations to go until it stands still; none: Infinity. */
  #left = Number.POSITIVE_INFINITY;
  #dies = false;
  #wake: (() => void)[] = [];
  #task: Promise<void> | null = null;
  /** It was told that it has been overtaken, was killed, or has failed. */
  ended = false;
  error: unknown = null;

  constructor(world: World, partition: Partition) {
    this.#world = world;
    this.#partition = partition;
    this.#generation = partition.generation;
  }

  /** Whether it is in the middle of something (and stands still). */
  get busy(): boolean {
    return this.#task !== null;
  }

  get position(): number {
    return this.#position;
  }

  /** Stands still before its `n`th next store operation, or is killed there. */
  stopBefore(n: number, dies = false): void {
    if (this.ended) return;
    this.#left = n;
    this.#dies = dies;
  }

  /** Goes on from where it stood still; resolves when it has done what it was at. */
  async goOn(): Promise<void> {
    if (this.ended) return;
    this.#left = Number.POSITIVE_INFINITY;
    for (const wake of this.#wake.splice(0)) wake();
    await this.#task;
  }

  /** Joins and takes the partition. Resolves when that is done, or when it stands still. */
  async assign(): Promise<void> {
    const store = this.#guarded(this.#world.store);
    this.#service = await this.#world.start(
      { log: this.#log(), store, clock: hasty() },
      { lastFlushMs: 1, copiedBytes: 0 },
    );
    await this.#run(async () => {
      const start = await this.#handlers!.onAssigned(PLACE, this.#generation, null);
      if ('halt' in start) this.ended = true;
      else this.#position = start.offset;
      this.#ready = true;
    });
  }

  /** Reads up to `count` records further and flushes them. Resolves when that is done, or when it stands still. */
  async read(count: number): Promise<void> {
    if (this.ended || this.busy || !this.#ready) return;
    const records = this.#partition.records.slice(this.#position, this.#position + count);
    if (records.length === 0) return;
    const nextOffset = this.#position + records.length;
    await this.#run(async () => {
      await this.#handlers!.onBatch({ ...PLACE, records, nextOffset, endOffset: this.#partition.records.length });
      this.#position = nextOffset;
    });
  }

  async close(): Promise<void> {
    this.ended = true;
    this.#dies = true;
    for (const wake of this.#wake.splice(0)) wake();
    await this.#service?.stop();
    await this.#task;
  }

  async #run(task: () => Promise<void>): Promise<void> {
    this.#task = task()
      .catch((error: unknown) => {
        this.ended = true;
        if (!(error instanceof PartitionHaltError || this.#dies)) this.error = error;
      })
      .finally(() => {
        this.#task = null;
      });
    while (this.#task !== null && this.#wake.length === 0) await sleep(1);
  }

  async #before(): Promise<void> {
    if (this.#left <= 0) {
      if (this.#dies) this.ended = true;
      await new Promise<void>((resolve) => this.#wake.push(resolve));
    }
    this.#left -= 1;
  }

  #guarded(store: Store): Store {
    const whenAllowed = async <T>(work: () => Promise<T>): Promise<T> => {
      await this.#before();
      // Nobody hears of what a dead process would have done: it does nothing.
      if (this.#dies && this.ended) return new Promise<T>(() => {});
      return work();
    };
    return {
      database: store.database,
      query: (sql, params) => whenAllowed(() => store.query(sql, params)),
      queryNative: (sql, params) => whenAllowed(() => store.queryNative(sql, params)),
      insert: (table, rows) => whenAllowed(() => store.insert(table, rows)),
      insertNative: (table, columns, pieces) => whenAllowed(() => store.insertNative(table, columns, pieces)),
      command: (sql, params) => whenAllowed(() => store.command(sql, params)),
      ping: () => store.ping(),
      close: () => store.close(),
    };
  }

  #log(): Log {
    const { log } = this.#world;
    const own: Partial<Log> = {
      consume: async ({ handlers }) => {
        this.#handlers = handlers;
        return this.#consumer();
      },
      offsets: async () => [
        { partition: 0, beginning: this.#partition.beginning, end: this.#partition.records.length },
      ],
    };
    return replacing(log, own);
  }

  #consumer(): Consumer {
    return {
      commit: async () => {
        if (this.#generation !== this.#partition.generation) throw new StaleAssignmentError('not the owner any more');
      },
      assignments: () => [PLACE],
      failed: new Promise<never>(() => {}),
      joined: () => true,
      certain: () => true,
      unhealthy: () => null,
      close: async () => {},
    };
  }
}

import { type Row, type Store, StoreUnavailableError } from '../../lib/ports/store.ts';

interface Waiting<Item> {
  items: Iterable<Item>;
  resolve(): void;
  reject(error: unknown): void;
}

/**
 * The store, but what several callers insert into one table at the same time goes in one INSERT: each of its own would cost
 * milliseconds and a part of the table. Each call resolves when its rows are durable. What the store refuses is sent again
 * one by one, so that nobody's rows keep their neighbours' away.
 */
export function gatheringInserts(store: Store): Store {
  const rows = new Map<string, InsertQueue<Row>>();
  const pieces = new Map<string, InsertQueue<Uint8Array>>();
  return {
    database: store.database,
    query: (sql, params) => store.query(sql, params),
    queryNative: (sql, params) => store.queryNative(sql, params),
    insert: (table, items) => queueOf(rows, table, (all: Iterable<Row>) => store.insert(table, all)).insert(items),
    insertNative: (table, columns, items) => {
      const send = (all: Iterable<Uint8Array>) => store.insertNative(table, columns, all);
      return queueOf(pieces, JSON.stringify([table, columns]), send).insert(items);
    },
    command: (sql, params) => store.command(sql, params),
    ping: () => store.ping(),
    close: () => store.close(),
  };
}

function queueOf<Item>(
  queues: Map<string, InsertQueue<Item>>,
  key: string,
  send: (items: Iterable<Item>) => Promise<void>,
): InsertQueue<Item> {
  const queue = queues.get(key) ?? new InsertQueue(send);
  queues.set(key, queue);
  return queue;
}

/** Inserts into one table, one after the other. */
class InsertQueue<Item> {
  readonly #send: (items: Iterable<Item>) => Promise<void>;
  #waiting: Waiting<Item>[] = [];
  #running = false;

  constructor(send: (items: Iterable<Item>) => Promise<void>) {
    this.#send = send;
  }

  insert(items: Iterable<Item>): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ items, resolve, reject });
      // After all that come in the same turn.
      setImmediate(() => void this.#work());
    });
  }

  async #work(): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    while (this.#waiting.length > 0) {
      const group = this.#waiting.splice(0);
      const refused = await this.#try(group);
      if (refused) for (const each of group) await this.#try([each]);
    }
    this.#running = false;
  }

  /** Whether several were refused together: then nobody has an answer yet. */
  async #try(group: readonly Waiting<Item>[]): Promise<boolean> {
    try {
      await this.#send(all(group));
      for (const { resolve } of group) resolve();
    } catch (error) {
      if (group.length > 1 && !(error instanceof StoreUnavailableError)) return true;
      for (const { reject } of group) reject(error);
    }
    return false;
  }
}

function all<Item>(group: readonly Waiting<Item>[]): Iterable<Item> {
  return {
    *[Symbol.iterator]() {
      for (const { items } of group) yield* items;
    },
  };
}

import type { Store } from '../../lib/ports/store.ts';

interface Spent {
  calls: number;
  /** Wall clock, waiting for a connection included. */
  ms: number;
}

/** A store that keeps count of what is asked of it, by the table it is about. */
export class StoreClock {
  readonly store: Store;
  #spent = new Map<string, Spent>();

  constructor(store: Store) {
    const timed = async <T>(what: string, work: () => Promise<T>): Promise<T> => {
      const started = performance.now();
      try {
        return await work();
      } finally {
        const spent = this.#spent.get(what) ?? { calls: 0, ms: 0 };
        this.#spent.set(what, { calls: spent.calls + 1, ms: spent.ms + performance.now() - started });
      }
    };
    const about = (sql: string): string => /\b\w+_rows\b/.exec(sql)?.[0] ?? sql.trim().slice(0, 30);
    this.store = {
      ...store,
      query: (sql, params) => timed(`read ${about(sql)}`, () => store.query(sql, params)),
      queryNative: (sql, params) => timed(`read ${about(sql)}`, () => store.queryNative(sql, params)),
      insert: (table, rows) => timed(`write ${table}`, () => store.insert(table, rows)),
      insertNative: (table, columns, pieces) =>
        timed(`write ${table}`, () => store.insertNative(table, columns, pieces)),
      command: (sql, params) => timed(`command ${about(sql)}`, () => store.command(sql, params)),
    };
  }

  /** What was spent since the last call, the most first. */
  take(): [what: string, spent: Spent][] {
    const spent = [...this.#spent].sort(([, a], [, b]) => b.ms - a.ms);
    this.#spent = new Map();
    return spent;
  }
}

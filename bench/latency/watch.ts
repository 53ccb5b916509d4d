import { setTimeout as wait } from 'node:timers/promises';
import type { Store } from '../../lib/ports/store.ts';
import type { Produced } from './producer-child.ts';

const EVERY_MS = 25;

/** When rows of a partition covered all offsets below `covered`, at the latest; ms. */
interface Seen {
  covered: number;
  at: number;
}

/** Looks into the ledger again and again, as whoever shows provisional rows does. */
export class LedgerWatch {
  readonly #store: Store;
  readonly #seen = new Map<number, Seen[]>();
  readonly #done: Promise<void>;
  #stopped = false;

  constructor(store: Store) {
    this.#store = store;
    this.#done = this.#look();
    this.#done.catch(() => {});
  }

  async #look(): Promise<void> {
    while (!this.#stopped) {
      const rows = await this.#store.query<{ partition: number; covered: number }>(
        "SELECT partition, toFloat64(max(covered)) AS covered FROM chunk_rows WHERE feature = '' AND segment = '' GROUP BY partition",
      );
      const at = Date.now();
      for (const { partition, covered } of rows) {
        const seen = this.#seen.get(partition) ?? [];
        if (covered > (seen.at(-1)?.covered ?? 0)) seen.push({ covered, at });
        this.#seen.set(partition, seen);
      }
      await wait(EVERY_MS);
    }
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#done;
  }

  /** From the time of each batch's events until its last was in the ledger, ms, ascending; without those before `from`. */
  latencies({ partition, time, offset }: Produced, batch: number, from: number): number[] {
    const at = new Map([...this.#seen.keys()].map((key) => [key, 0]));
    const latencies: number[] = [];
    for (const [index, sent] of time.entries()) {
      const own = this.#seen.get(partition[index]!) ?? [];
      let next = at.get(partition[index]!) ?? 0;
      while (next < own.length && own[next]!.covered < offset[index]! + batch) next++;
      at.set(partition[index]!, next);
      const seen = own[next];
      if (seen === undefined) throw new Error(`the batch at ${offset[index]} was never seen in the ledger`);
      if (sent >= from) latencies.push(seen.at - sent);
    }
    return latencies.sort((a, b) => a - b);
  }
}

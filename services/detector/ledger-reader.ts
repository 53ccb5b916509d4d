import type { Store } from '../../lib/ports/store.ts';
import type { WindowStarts } from '../../lib/tables/ledger.ts';
import { type LedgerRead, readWindows, type SpecCache } from './seal.ts';

/** Ledger rows read in one go, about, as long as one model has not more. */
const GROUP_ROWS = 6_000;
/** Groups read at once: one is on its way while another is merged. */
const GROUPS_AT_ONCE = 2;

interface Waiting extends WindowStarts {
  /** Ledger rows that are expected. */
  rows: number;
  resolve(read: LedgerRead): void;
  reject(error: unknown): void;
}

/**
 * Reads windows of many models together: a statement costs some milliseconds whatever it returns, and the rows of models
 * next to each other lie in the same pieces of the table. Who comes while others are read goes with the next group. Nothing is
 * tried again: a failure goes to all of its group.
 */
export class LedgerReader {
  readonly #store: Store;
  readonly #specs: SpecCache = new Map();
  /** Ledger rows of one window of a model, the most in the group read last; what is expected of a model not met yet. */
  rowsPerStart: number;
  #waiting: Waiting[] = [];
  #reading = 0;

  constructor(store: Store, rowsPerStart: number) {
    this.#store = store;
    this.rowsPerStart = rowsPerStart;
  }

  /** `rows`: about how many the ledger has of these windows. */
  read(model: string, starts: readonly number[], rows: number): Promise<LedgerRead> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ model, starts, rows, resolve, reject });
      // After all that ask in the same turn.
      setImmediate(() => void this.#work());
    });
  }

  async #work(): Promise<void> {
    if (this.#reading === GROUPS_AT_ONCE) return;
    this.#reading += 1;
    for (let group = this.#nextGroup(); group.length > 0; group = this.#nextGroup()) await this.#readGroup(group);
    this.#reading -= 1;
  }

  /** Sorted, so that models of one group are neighbours in the table. */
  #nextGroup(): Waiting[] {
    this.#waiting.sort((a, b) => (a.model < b.model ? -1 : a.model > b.model ? 1 : 0));
    const group: Waiting[] = [];
    const left: Waiting[] = [];
    let rows = 0;
    for (const each of this.#waiting) {
      const fits = group.length === 0 || rows + each.rows <= GROUP_ROWS;
      // A model that is given up and taken again may be here twice.
      if (!fits || group.some(({ model }) => model === each.model)) left.push(each);
      else {
        group.push(each);
        rows += each.rows;
      }
    }
    this.#waiting = left;
    return group;
  }

  async #readGroup(group: readonly Waiting[]): Promise<void> {
    try {
      const read = await readWindows(this.#store, group, this.#specs);
      const perStart = group.map(({ starts }, i) => Math.ceil(read[i]!.rows / starts.length));
      this.rowsPerStart = Math.max(1, ...perStart);
      for (const [i, { resolve }] of group.entries()) resolve(read[i]!);
    } catch (error) {
      for (const { reject } of group) reject(error);
    }
  }
}

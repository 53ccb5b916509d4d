import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openChdbStore } from '../../lib/adapters/chdb/index.ts';
import { migrate } from '../../lib/migrations/index.ts';
import type { Store } from '../../lib/ports/store.ts';

/** One embedded store for the worlds of a test file (the engine allows no more a process), in a directory of its own. */
export class StoreRoom {
  readonly #name: string;
  readonly #tables: readonly string[];
  #root = '';
  #store: Store | null = null;

  /** `tables`: those that a world may leave rows in. */
  constructor(name: string, tables: readonly string[]) {
    this.#name = name;
    this.#tables = tables;
  }

  async open(): Promise<void> {
    this.#root = await mkdtemp(join(tmpdir(), `driftline-${this.#name}-`));
    this.#store = await openChdbStore({ dir: join(this.#root, 'store'), database: 'driftline', readers: 2 });
    await migrate(this.#store);
  }

  async close(): Promise<void> {
    await this.#store?.close();
    await rm(this.#root, { recursive: true, force: true });
  }

  /** The store with the tables emptied, and a new directory for a log. */
  async fresh(): Promise<{ store: Store; dir: string }> {
    const store = this.#store!;
    for (const table of this.#tables) await store.command(`TRUNCATE TABLE ${table}`);
    return { store, dir: await mkdtemp(join(this.#root, 'log-')) };
  }
}

import type { AggregationSpec } from '../../lib/core/chunks/spec.ts';
import { loadAggregationSpec } from '../../lib/registry/spec.ts';
import { loadSpec, saveSpec } from '../../lib/tables/specs.ts';
import type { Environment } from './environment.ts';

export interface StoredSpec {
  id: string;
  spec: AggregationSpec;
}

const KEEP_MS = 10_000;

/** The specs chunks are bound to: the one in force now, read again every few seconds, and those of earlier chunks. */
export class SpecSource {
  readonly #environment: Environment;
  #current: (StoredSpec & { readAt: number }) | null = null;

  constructor(environment: Environment) {
    this.#environment = environment;
  }

  /** What the next chunk to open is bound to; stored before it is handed out. */
  async current(): Promise<StoredSpec> {
    const { config, store, clock } = this.#environment.context;
    if (this.#current !== null && clock.now() - this.#current.readAt < KEEP_MS) return this.#current;
    return this.#environment.persist('aggregation_specs', async () => {
      const spec = await loadAggregationSpec(config, store);
      this.#current = { id: await saveSpec(store, spec), spec, readAt: clock.now() };
      return this.#current;
    });
  }

  /** The spec a chunk was bound to earlier. */
  bound(id: string): Promise<StoredSpec> {
    const { store } = this.#environment.context;
    return this.#environment.persist('aggregation_specs', async () => ({ id, spec: await loadSpec(store, id) }));
  }
}

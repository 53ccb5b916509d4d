import type { ChunkCaps, ChunkLimit } from './limits.ts';
import type { LimitHits } from './types.ts';

/** The caps of a chunk, and how often each was hit since somebody last asked. */
export class Caps {
  readonly caps: ChunkCaps;
  readonly #hits = new Map<ChunkLimit, LimitHits>();

  constructor(caps: ChunkCaps) {
    this.caps = caps;
  }

  /** Counts what went past a cap (an event, a value or a window, see docs/limits.md). */
  hit(limit: ChunkLimit, model: string): void {
    const known = this.#hits.get(limit);
    if (known === undefined) this.#hits.set(limit, { limit, hits: 1, model });
    else known.hits += 1;
  }

  get hits(): LimitHits[] {
    return [...this.#hits.values()].map((hits) => ({ ...hits }));
  }

  forget(): void {
    this.#hits.clear();
  }
}

import type { ChunkRow } from '../../lib/core/chunks/types.ts';
import { TOPICS } from '../../lib/core/messages/types.ts';
import { emptySketch } from '../../lib/core/sketch/feature.ts';
import { sketchNumeric } from '../../lib/core/sketch/numeric.ts';
import type { FeatureSketch } from '../../lib/core/sketch/types.ts';
import type { Store } from '../../lib/ports/store.ts';
import { ChunkInsert, insertChunkRows } from '../../lib/tables/chunk-rows.ts';
import { writeManifests } from '../../lib/tables/manifests.ts';
import { normal } from '../../test/core/sketch/shapes.ts';
import { generator } from '../../test/support/generator.ts';

export const MINUTE = 60_000;
/** 2026-11-01T00:00:00Z */
export const T0 = Date.UTC(2026, 10, 1);
/** Of one kind: rows take turns with them, so that nothing compresses better than real data. */
const PROTOTYPES = 64;
/** Offsets from one chunk to the next. */
const CHUNK = 65_536;

export interface Size {
  models: number;
  features: number;
  /** Of one model in one window. */
  events: number;
  /** Chunks that a window's events lie in, each with rows of every model. */
  chunks: number;
}

export const modelName = (model: number): string => `m${String(model).padStart(4, '0')}`;
export const featureName = (feature: number): string => `f${String(feature).padStart(3, '0')}`;
/** One model in a hundred, from the second window on. */
export const drifts = (model: number, window: number): boolean => model % 100 === 0 && window > 0;

/** What an aggregator would have written of one-minute windows, by its own writers: a chunk a window and partition. */
export class Ledger {
  readonly #store: Store;
  readonly #size: Size;
  readonly #incarnation: string;
  readonly #specId: string;
  readonly #calm: FeatureSketch[];
  readonly #moved: FeatureSketch[];

  constructor(store: Store, size: Size, incarnation: string, specId: string) {
    this.#store = store;
    this.#size = size;
    this.#incarnation = incarnation;
    this.#specId = specId;
    this.#calm = prototypes(size, 0);
    this.#moved = prototypes(size, 1);
  }

  /** Rows of all models for the window with this number, durable when it resolves. */
  async write(window: number): Promise<void> {
    for (let chunk = 0; chunk < this.#size.chunks; chunk += 1) {
      const identity = {
        topic: TOPICS.predictions,
        incarnation: this.#incarnation,
        partition: chunk,
        chunkStart: window * CHUNK,
      };
      const manifest = { ...identity, groupGeneration: 1, specId: this.#specId, closed: false, replaying: false };
      const reach = identity.chunkStart + CHUNK / 2;
      await writeManifests(this.#store, [{ ...manifest, reach: identity.chunkStart, passed: -1 }]);
      const rows = { [Symbol.iterator]: () => this.#rows(window, chunk, reach) };
      await insertChunkRows(this.#store, [new ChunkInsert(identity, this.#specId, rows)]);
      await writeManifests(this.#store, [{ ...manifest, reach, passed: T0 + (window + 2) * MINUTE }]);
    }
  }

  *#rows(window: number, chunk: number, covered: number): Generator<ChunkRow> {
    const { models, features, events, chunks } = this.#size;
    const [windowStart, windowEnd] = [T0 + window * MINUTE, T0 + (window + 1) * MINUTE];
    for (let m = 0; m < models; m += 1) {
      const key = { model: modelName(m), version: '1', role: 'champion', windowStart, windowEnd };
      const row = { ...key, segment: '', generation: 0, covered };
      yield { ...row, feature: '', body: { form: 'window', count: events / chunks, errors: 0 } };
      const sketches = drifts(m, window) ? this.#moved : this.#calm;
      for (let f = 0; f < features; f += 1) {
        const sketch = sketches[(m * 7 + f * 13 + window * 5 + chunk) % PROTOTYPES]!;
        yield { ...row, feature: featureName(f), body: { form: 'sketch', sketch } };
      }
    }
  }
}

function prototypes({ events, chunks }: Size, shift: number): FeatureSketch[] {
  const n = events / chunks;
  if (!Number.isInteger(n)) throw new Error(`${events} events do not divide into ${chunks} chunks`);
  return Array.from({ length: PROTOTYPES }, (_, seed) => numericSketch(n, seed + 1, shift));
}

/** Of `n` normal values, each with all its digits. */
export function numericSketch(n: number, seed: number, shift: number): FeatureSketch {
  const random = generator(seed);
  const values = Float64Array.from({ length: n }, () => normal(random) + shift);
  return { ...emptySketch('numeric'), count: n, kind: 'numeric', numeric: sketchNumeric(values, n) };
}

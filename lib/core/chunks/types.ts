import type { FeatureKind, FeatureSketch, GridCounts } from '../sketch/types.ts';
import type { ChunkLimit } from './limits.ts';

/** Which chunk of which log. The end follows from the spec's chunk size, see `chunkEnd`. */
export interface ChunkIdentity {
  topic: string;
  incarnation: string;
  partition: number;
  chunkStart: number;
}

/** Where and when a record came in. */
export interface Position {
  offset: number;
  /** ms: the record's arrival header, else its log timestamp. */
  arrival: number;
}

/** One window of one model, version and role: what rows are grouped by. */
export interface WindowKey {
  model: string;
  version: string;
  role: string;
  windowStart: number;
  windowEnd: number;
}

/** What a row says, by its form: the window's own counts, a full sketch, or a segment's counts on a frozen grid. */
export type RowBody =
  | { form: 'window'; count: number; errors: number }
  | { form: 'sketch'; sketch: FeatureSketch }
  | { form: 'grid'; kind: FeatureKind; counts: GridCounts };

/** A ledger row: a pure function of the chunk's prefix below `covered`, and of the chunk's spec. */
export interface ChunkRow extends WindowKey {
  /** '' for the window itself. */
  feature: string;
  /** '' or NAME=VALUE. */
  segment: string;
  /** Rises when the window comes back after its eviction from memory. */
  generation: number;
  /** The offset after the last one that changed this row. */
  covered: number;
  body: RowBody;
}

export const CHUNK_LOSS_REASONS = ['future', 'beyond_horizon'] as const;

export type ChunkLossReason = (typeof CHUNK_LOSS_REASONS)[number];

/** Events of the chunk's prefix that were left out, by reason. */
export interface ChunkLoss {
  reason: ChunkLossReason;
  firstOffset: number;
  lastOffset: number;
  events: number;
}

/** How often a cap was hit. */
export interface LimitHits {
  limit: ChunkLimit;
  /** Events, values or windows that went past it, see docs/limits.md. */
  hits: number;
  /** The model that hit it first. */
  model: string;
}

/** What changed since `forgetChanges`; good until the next event is added. */
export interface ChunkChanges {
  /** Made as they are taken, as they may be many; the same ones each time. */
  rows: Iterable<ChunkRow>;
  losses: ChunkLoss[];
  /** The windows whose rows changed. */
  windows: WindowKey[];
  /** How many of them had been written before. */
  rewrites: number;
  limits: LimitHits[];
}

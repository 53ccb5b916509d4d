import type { FeatureGrid, FeatureKind } from '../sketch/types.ts';
import type { WindowSpec } from '../windows/types.ts';

/**
 * What turns a chunk's prefix into rows, beside the code: bound to the chunk by its manifest's opening and named in each
 * row's key, so that a replay after a change of configuration still writes the same rows.
 */
export interface AggregationSpec {
  /** Layout of the rows; rises when the code would write other bytes for the same events. */
  layout: number;
  /** Offsets a chunk spans, a power of two: a chunk reaches to the next multiple of it. Bound here, so that an open chunk keeps its end. */
  chunkSize: number;
  /**
   * A chunk ends at the first record whose log timestamp lies further than this behind the chunk's first one, ms: on a
   * partition too quiet to fill it, it would outlive the log's retention. Absent (specs of earlier versions): never.
   */
  chunkAgeMs?: number;
  allowedDelayMs: number;
  horizonMs: number;
  futureSkewMs: number;
  /** Declared models, sorted by name. Others are taken with `defaults`. */
  models: ModelAggregation[];
  defaults: { window: WindowSpec };
}

export interface ModelAggregation {
  model: string;
  window: WindowSpec;
  /** Segment names, sorted. */
  segments: string[];
  /** Columns known from the reference, sorted by name: kind and frozen grid. Others are admitted on sight without a grid. */
  columns: { name: string; kind: FeatureKind; grid: FeatureGrid }[];
}

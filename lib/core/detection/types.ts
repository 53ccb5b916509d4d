import type { Severity } from '../alerts/types.ts';
import type { Baseline } from '../baselines/types.ts';
import type { MetricName, Monitor } from '../monitors/types.ts';
import type { FeatureKind, FeatureSketch, GridCounts } from '../sketch/types.ts';
import type { TimeWindow } from '../windows/types.ts';

/** Where a ledger row's events came from; rows with equal sources belong to one flush. */
export interface ChunkKey {
  topic: string;
  incarnation: string;
  partition: number;
  chunkStart: number;
}

/** One row of the chunk ledger, already bound: its spec is the one its chunk was opened with. */
export interface LedgerRow extends ChunkKey {
  version: string;
  role: string;
  window: TimeWindow;
  /** '' for the window (or the segment) itself: `count` is then events. */
  feature: string;
  /** '' or NAME=VALUE */
  segment: string;
  generation: number;
  specId: string;
  /** First offset not covered. */
  covered: number;
  count: number;
  errors: number;
  /** Of the column; '' for the window or segment itself. */
  kind: FeatureKind | '';
  /** A whole column's sketch, a segment's counts, or null for the window itself. */
  sketch: FeatureSketch | null;
  grid: GridCounts | null;
}

/** What one window keeps of one column, merged over all chunks. */
export interface SealedColumn {
  feature: string;
  segment: string;
  /** Events of the window (or of the segment), whether they carried the column or not; 0 with a note. */
  count: number;
  errors: number;
  kind: FeatureKind | '';
  sketch: FeatureSketch | null;
  grid: GridCounts | null;
  /** Why a distribution is absent, or ''. */
  note: string;
}

/** A complete window of one (version, role) of a model, merged from the ledger. */
export interface SealedWindow {
  model: string;
  version: string;
  role: string;
  window: TimeWindow;
  /** Events in the window. */
  events: number;
  /** Offsets covered, summed over all chunks and generations that hold rows of this window: what a revision must exceed. */
  covered: number;
  /** Furthest offset covered by partition. */
  coverage: [topic: string, incarnation: string, partition: number, reach: number][];
  /** Specs of the chunks it was merged from, sorted. */
  specIds: string[];
  /** The window itself (feature and segment ''), its columns and its segments'. */
  columns: SealedColumn[];
}

/** State and revision under which a window is sealed: complete is revision 0, each later coverage one more. */
export interface SealedState {
  state: 'complete' | 'revised';
  revision: number;
}

/**
 * Names the grid on which a spec counts a column by segment (see gridKey), so that two can be compared; null: the spec
 * does not count this column, or not by this segment name. The column '' is the segment itself.
 */
export type GridLookup = (specId: string, feature: string, segmentName: string) => string | null;

/** A monitor with the baseline it compares with. */
export interface ReadyMonitor {
  monitor: Monitor;
  baseline: Baseline;
}

/** One test of one window: a row of `drift_scores`. */
export interface Score {
  model: string;
  monitor: string;
  version: string;
  role: string;
  feature: string;
  segment: string;
  metric: MetricName;
  window: TimeWindow;
  baseline: string;
  definition: string;
  /** null: not enough data. */
  score: number | null;
  /** What the threshold is compared with; null without a score. */
  effect: number | null;
  pValue: number | null;
  threshold: number;
  breached: boolean;
  severity: Severity;
  nCurrent: number;
  nBaseline: number;
  /** Why there is no score, or ''. */
  note: string;
  state: 'complete' | 'revised';
  revision: number;
  covered: number;
}

import type { MetricName } from '../monitors/types.ts';
import type { FeatureGrid, FeatureSketch } from '../sketch/types.ts';

/** How a metric varies between the baseline's own windows: what automatic thresholds are made of. */
export interface Spread {
  mean: number;
  sd: number;
  windows: number;
}

/** One column of a frozen baseline version. Edges never move with a window. */
export interface BaselineColumn {
  feature: string;
  sketch: FeatureSketch;
  /** Inner edges of ten quantile bins of the reference (numpy's linear rule), ties merged; [] for categories. Bin i is (e[i-1], e[i]]. */
  psiEdges: readonly number[];
  /** What segments are counted on; a numeric grid's edges contain `psiEdges`. */
  grid: FeatureGrid;
  spread: Readonly<Partial<Record<MetricName, Spread>>>;
}

export interface Baseline {
  model: string;
  name: string;
  /** Hash of the content and of how it was read. */
  version: string;
  /** By feature; includes `prediction.score`, `prediction.label`, `prediction.value` where the reference has them. */
  columns: ReadonlyMap<string, BaselineColumn>;
}

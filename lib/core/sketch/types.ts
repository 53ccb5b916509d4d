/**
 * A feature sketch: what is kept of one column (a feature, the score, the latency …) over some set of events. Sketches
 * merge across chunks, partitions and windows, and the same log gives the same bytes.
 */
export type FeatureKind = 'numeric' | 'categorical' | 'boolean';

/** Counts of everything that is not a usable value. They never reach a digest. */
export interface ValueCounts {
  /** Events seen for this column, usable or not. */
  count: number;
  /** Null, or absent from an event that carries other features. */
  missing: number;
  nan: number;
  infinite: number;
  /** A value of another type than the column's kind. */
  wrongType: number;
}

/**
 * A numeric distribution as exact ECDF knots. For knot i, `below[i]` observations are < `values[i]` and
 * `atOrBelow[i]` are ≤ it; an atom is a knot whose two numbers differ. The mass between two neighbouring knots lies
 * strictly between their values and is read by linear interpolation. When every distinct value is a knot the sketch is
 * exact. Plain arrays, so that SQL can read and merge them.
 */
export interface NumericDistribution {
  /** Finite observations: the last element of `atOrBelow` (0 when empty). */
  n: number;
  /** NaN-free; for n = 0 all are 0. */
  min: number;
  max: number;
  mean: number;
  /** Sum of squared deviations from the mean (Welford/Chan), so that moments merge without cancellation. */
  m2: number;
  values: Float64Array;
  below: Float64Array;
  atOrBelow: Float64Array;
}

/** Counts by category; booleans use the categories `false` and `true`. `values` is sorted by code unit. */
export interface CategoricalDistribution {
  n: number;
  values: string[];
  counts: number[];
  /** Observations of categories beyond the cap: the total stays exact. */
  other: number;
}

export type FeatureSketch = ValueCounts &
  (
    | { kind: 'numeric'; numeric: NumericDistribution }
    | { kind: 'categorical' | 'boolean'; categorical: CategoricalDistribution }
  );

/**
 * Sparse form for segments: integer counts on the feature's frozen grid. Cell i of a numeric grid with edges e is
 * (e[i-1], e[i]]; of a categorical grid it is category i, the last cell being "any other". Only non-zero cells are kept.
 */
export interface GridCounts extends ValueCounts {
  cells: number[];
  counts: number[];
  /** Finite or categorised observations: the sum of `counts`. */
  n: number;
}

/** The frozen partition of a feature's values, from its baseline. Part of the aggregation spec and of the baseline. */
export type FeatureGrid =
  | { kind: 'numeric'; edges: number[] }
  | { kind: 'categorical' | 'boolean'; categories: string[] };

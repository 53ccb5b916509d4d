import { categoricalFromCounts, mergeCategorical } from './categorical.ts';
import { emptyNumeric, mergeNumeric } from './numeric.ts';
import type { FeatureKind, FeatureSketch, ValueCounts } from './types.ts';

const KINDS: readonly FeatureKind[] = ['numeric', 'categorical', 'boolean'];

/** The sketch of a column nobody has seen yet. */
export function emptySketch(kind: FeatureKind): FeatureSketch {
  const counts: ValueCounts = { count: 0, missing: 0, nan: 0, infinite: 0, wrongType: 0 };
  if (kind === 'numeric') return { ...counts, kind, numeric: emptyNumeric() };
  return { ...counts, kind, categorical: categoricalFromCounts(new Map()) };
}

/** Usable values of a sketch. */
export function usableValues(sketch: FeatureSketch): number {
  return sketch.kind === 'numeric' ? sketch.numeric.n : sketch.categorical.n;
}

/** Adds up the counts of everything that is not a usable value. */
export function mergeValueCounts(parts: readonly ValueCounts[]): ValueCounts {
  const total: ValueCounts = { count: 0, missing: 0, nan: 0, infinite: 0, wrongType: 0 };
  for (const part of parts) {
    total.count += part.count;
    total.missing += part.missing;
    total.nan += part.nan;
    total.infinite += part.infinite;
    total.wrongType += part.wrongType;
  }
  return total;
}

/**
 * Merges sketches of one column; order does not matter. Where kinds differ the one with the most usable values wins
 * (ties: numeric, categorical, boolean) and the others' values count as of the wrong type: counts stay exact.
 * Throws on an empty list: an absent column has no kind. `tolerance` is that of `mergeNumeric`.
 */
export function mergeFeatureSketches(parts: readonly FeatureSketch[], tolerance?: number): FeatureSketch {
  if (parts.length === 0) throw new RangeError('mergeFeatureSketches: no parts, so no kind');
  const kind = winningKind(parts);
  const counts = mergeValueCounts(parts);
  for (const part of parts) if (part.kind !== kind) counts.wrongType += usableValues(part);
  if (kind === 'numeric') {
    const numeric = parts.flatMap((p) => (p.kind === 'numeric' ? [p.numeric] : []));
    return { ...counts, kind, numeric: mergeNumeric(numeric, tolerance) };
  }
  const same = parts.flatMap((p) => (p.kind !== 'numeric' && p.kind === kind ? [p.categorical] : []));
  return { ...counts, kind, categorical: mergeCategorical(same) };
}

function winningKind(parts: readonly FeatureSketch[]): FeatureKind {
  const present = KINDS.filter((kind) => parts.some((part) => part.kind === kind));
  const usable = (kind: FeatureKind) =>
    parts.reduce((sum, part) => sum + (part.kind === kind ? usableValues(part) : 0), 0);
  return present.reduce((best, kind) => (usable(kind) > usable(best) ? kind : best));
}

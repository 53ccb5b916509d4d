import { cdfAtOrBelow, isExact } from '../../lib/core/sketch/numeric.ts';
import { quantile } from '../../lib/core/sketch/quantiles.ts';
import type { CategoricalDistribution, FeatureSketch, NumericDistribution } from '../../lib/core/sketch/types.ts';
import type { Distribution } from './schemas/features.ts';

/** Named sketch of one side of the comparison. */
export interface Side {
  name: string;
  sketch: FeatureSketch;
}

const BINS = 32;
/** Share of each side's mass that the outer bins may hold beyond the drawn range. */
const TAIL = 0.005;
const MAX_CATEGORIES = 24;

/** Reference against current: bins for numbers, bars for categories. Null where there is neither side. */
export function compareDistributions(reference: Side | null, current: Side | null): Distribution | null {
  const kind = reference?.sketch.kind ?? current?.sketch.kind;
  if (kind === undefined) return null;
  const summaries = { kind, reference: summarise(reference), current: summarise(current) };
  const none = { bins: [], categories: [], other: { reference: null, current: null } };
  if (kind === 'numeric') return { ...summaries, ...none, bins: numericBins(numericOf(reference), numericOf(current)) };
  return { ...summaries, ...none, ...categoryShares(categoricalOf(reference), categoricalOf(current)) };
}

function numericOf(side: Side | null): NumericDistribution | null {
  return side?.sketch.kind === 'numeric' && side.sketch.numeric.n > 0 ? side.sketch.numeric : null;
}

function categoricalOf(side: Side | null): CategoricalDistribution | null {
  if (!side || side.sketch.kind === 'numeric') return null;
  return side.sketch.categorical.n > 0 ? side.sketch.categorical : null;
}

function summarise(side: Side | null): Distribution['reference'] {
  if (!side) return null;
  const { count, missing, nan, infinite, wrongType } = side.sketch;
  const numeric = numericOf(side);
  const n = side.sketch.kind === 'numeric' ? side.sketch.numeric.n : side.sketch.categorical.n;
  const moments = { mean: numeric?.mean ?? null, min: numeric?.min ?? null, max: numeric?.max ?? null };
  return { name: side.name, count, n, missing, nan, infinite, wrong_type: wrongType, ...moments };
}

/**
 * Equal bins (low, high] over the range that holds all but the outermost half percent of either side. Where few distinct
 * values exist each gets a bin around it, so that integers and flags show as what they are.
 */
export function numericBins(a: NumericDistribution | null, b: NumericDistribution | null): Distribution['bins'] {
  const sides = [a, b].filter((side) => side !== null);
  if (sides.length === 0) return [];
  const edges = ascending(discreteEdges(sides) ?? equalEdges(sides));
  const last = edges.length - 2;
  return edges.slice(1).map((high, i) => ({
    low: edges[i]!,
    high,
    reference: a && mass(a, i === 0 ? -Infinity : edges[i]!, i === last ? Infinity : high),
    current: b && mass(b, i === 0 ? -Infinity : edges[i]!, i === last ? Infinity : high),
  }));
}

function mass(side: NumericDistribution, low: number, high: number): number {
  return (cdfAtOrBelow(side, high) - cdfAtOrBelow(side, low)) / side.n;
}

/** Edges halfway between the distinct values, where both sides are exact and have few; otherwise null. */
function discreteEdges(sides: readonly NumericDistribution[]): number[] | null {
  const values = [...new Set(sides.flatMap((side) => (side.values.length <= BINS ? [...side.values] : [Number.NaN])))];
  if (values.some(Number.isNaN) || values.length > BINS || !sides.every(isExact)) return null;
  values.sort((x, y) => x - y);
  const middles = values.slice(1).map((value, i) => values[i]! + (value - values[i]!) / 2);
  const first = values.length > 1 ? middles[0]! - values[0]! : 0.5;
  const final = values.length > 1 ? values.at(-1)! - middles.at(-1)! : 0.5;
  return [values[0]! - first, ...middles, values.at(-1)! + final];
}

function equalEdges(sides: readonly NumericDistribution[]): number[] {
  const low = Math.min(...sides.map((side) => quantile(side, TAIL)));
  const high = Math.max(...sides.map((side) => quantile(side, 1 - TAIL)));
  if (!(high > low)) return [low - 0.5, high + 0.5];
  return Array.from({ length: BINS + 1 }, (_, i) => low + (high - low) * (i / BINS));
}

/** Each edge once: edges between neighbouring doubles round to the same number. At least one bin remains. */
function ascending(edges: readonly number[]): number[] {
  const distinct = [...new Set(edges)];
  const [only] = distinct;
  if (only === undefined || distinct.length > 1) return distinct;
  const half = Math.max(0.5, Math.abs(only) * 1e-9);
  return [only - half, only + half];
}

/** Shares by category, greatest of either side first; the rest and overflow together as `other`. */
export function categoryShares(
  a: CategoricalDistribution | null,
  b: CategoricalDistribution | null,
): Pick<Distribution, 'categories' | 'other'> {
  const [left, right] = [shares(a), shares(b)];
  const names = [...new Set([...(left?.keys() ?? []), ...(right?.keys() ?? [])])];
  const weight = (name: string): number => Math.max(left?.get(name) ?? 0, right?.get(name) ?? 0);
  names.sort((x, y) => weight(y) - weight(x) || (x < y ? -1 : 1));
  const shown = names.slice(0, MAX_CATEGORIES);
  const of = (side: ReadonlyMap<string, number> | null, name: string): number | null => side && (side.get(name) ?? 0);
  const rest = (side: ReadonlyMap<string, number> | null): number | null =>
    side && Math.max(0, 1 - shown.reduce((sum, name) => sum + (side.get(name) ?? 0), 0));
  return {
    categories: shown.map((category) => ({ category, reference: of(left, category), current: of(right, category) })),
    other: { reference: rest(left), current: rest(right) },
  };
}

function shares(side: CategoricalDistribution | null): Map<string, number> | null {
  return side && new Map(side.values.map((value, i) => [value, side.counts[i]! / side.n]));
}

import { effectName } from '../alerts/effect.ts';
import type { AlertMember } from '../alerts/types.ts';
import type { BaselineColumn } from '../baselines/types.ts';
import { quantile } from '../sketch/quantiles.ts';
import type { CategoricalDistribution, FeatureGrid, FeatureSketch, GridCounts, ValueCounts } from '../sketch/types.ts';

/** What a window holds of a column: a sketch of the whole, or a segment's counts; null where the store has none. */
export type CurrentColumn = Pick<{ sketch: FeatureSketch | null; grid: GridCounts | null }, 'sketch' | 'grid'> | null;

/**
 * One sentence on a member: the effect against its threshold, then what changed, from the baseline to the window, such as
 * "car_value: PSI 1.85 (threshold 0.10); median 22,010 → 37,400". The missing share is told where it changed.
 */
export function explainMember(member: AlertMember, baseline: BaselineColumn | null, current: CurrentColumn): string {
  const parts = [`${member.feature}: ${scorePart(member)}`];
  if (baseline !== null && current !== null) parts.push(...changeParts(baseline, current));
  return parts.join('; ');
}

/** Rates keep their sign: whether more or less is missing matters more than the size. */
function scorePart({ metric, score, effect, threshold }: AlertMember): string {
  const name = effectName(metric);
  if (!metric.endsWith('_rate')) return `${name} ${number(effect)} (threshold ${number(threshold)})`;
  return `${name} ${score > 0 ? '+' : ''}${percent(score)} (threshold ${percent(threshold)})`;
}

function changeParts(baseline: BaselineColumn, current: NonNullable<CurrentColumn>): string[] {
  const counts: ValueCounts | null = current.sketch ?? current.grid;
  if (counts === null) return [];
  const moved = current.grid === null ? wholeChange(baseline, current.sketch) : segmentChange(baseline, current.grid);
  const [before, after] = [percent(missingShare(baseline.sketch)), percent(missingShare(counts))];
  const missing = before === after ? null : `missing ${before} → ${after}`;
  return [moved, missing].filter((part) => part !== null);
}

function wholeChange(baseline: BaselineColumn, current: FeatureSketch | null): string | null {
  if (baseline.sketch.kind === 'numeric') {
    if (current?.kind !== 'numeric' || current.numeric.n === 0) return null;
    return `median ${number(quantile(baseline.sketch.numeric, 0.5))} → ${number(quantile(current.numeric, 0.5))}`;
  }
  if (current === null || current.kind === 'numeric' || current.categorical.n === 0) return null;
  return mostMoved(sharesOf(baseline.sketch.categorical), sharesOf(current.categorical));
}

function segmentChange(baseline: BaselineColumn, current: GridCounts): string | null {
  if (current.n === 0) return null;
  if (baseline.sketch.kind === 'numeric' && baseline.grid.kind === 'numeric') {
    return `median ${number(quantile(baseline.sketch.numeric, 0.5))} → ${medianOfCells(baseline.grid, current)}`;
  }
  if (baseline.sketch.kind === 'numeric' || baseline.grid.kind === 'numeric') return null;
  const { categories } = baseline.grid;
  const shares = new Map(current.cells.map((cell, i) => [categories[cell] ?? 'other', current.counts[i]! / current.n]));
  return mostMoved(sharesOf(baseline.sketch.categorical), shares);
}

/** The cell that holds the median, as an interval: counts on a grid know no more. */
function medianOfCells(grid: Extract<FeatureGrid, { kind: 'numeric' }>, current: GridCounts): string {
  let below = 0;
  const at = current.counts.findIndex((count) => {
    below += count;
    return below * 2 >= current.n;
  });
  const cell = current.cells[at] ?? 0;
  if (cell === 0) return `at most ${number(grid.edges[0] ?? 0)}`;
  const lower = number(grid.edges[cell - 1]!);
  return cell < grid.edges.length ? `between ${lower} and ${number(grid.edges[cell]!)}` : `above ${lower}`;
}

function sharesOf(distribution: CategoricalDistribution): Map<string, number> {
  const n = Math.max(1, distribution.n);
  const shares = new Map(distribution.values.map((value, i) => [value, distribution.counts[i]! / n]));
  if (distribution.other > 0) shares.set('other', distribution.other / n);
  return shares;
}

/** The category whose share changed most; of equals the first by name. */
function mostMoved(before: ReadonlyMap<string, number>, after: ReadonlyMap<string, number>): string | null {
  const change = (value: string) => Math.abs((after.get(value) ?? 0) - (before.get(value) ?? 0));
  const values = [...new Set([...before.keys(), ...after.keys()])].sort();
  if (values.length === 0) return null;
  const most = values.reduce((best, value) => (change(value) > change(best) ? value : best));
  return `share of ${JSON.stringify(most)} ${percent(before.get(most) ?? 0)} → ${percent(after.get(most) ?? 0)}`;
}

function missingShare(counts: ValueCounts): number {
  return counts.count === 0 ? 0 : counts.missing / counts.count;
}

/** Up to one decimal, `0 %` and `100 %` only when they are exact. */
function percent(share: number): string {
  const value = share * 100;
  if (value > 0 && value < 0.1) return '< 0.1 %';
  if (value < 100 && value > 99.9) return '> 99.9 %';
  return `${Number.isInteger(value) ? value : value.toFixed(1)} %`;
}

/** Thousands with separators, small numbers to three significant digits. */
function number(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  const size = Math.abs(value);
  if (size >= 1000)
    return Math.round(value)
      .toString()
      .replace(/\B(?=(\d{3})+$)/g, ',');
  if (size >= 1 || size === 0) return String(Number(value.toFixed(2)));
  return String(Number(value.toPrecision(3)));
}

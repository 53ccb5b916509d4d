import type { BaselineColumn, Spread } from '../baselines/types.ts';
import type { MetricName } from '../monitors/types.ts';
import { categoricalGrid, numericGrid, quantileEdges } from '../sketch/grid.ts';
import type { FeatureKind, FeatureSketch } from '../sketch/types.ts';
import { METRICS } from '../statistics/registry.ts';
import type { Cell } from './cells.ts';
import type { ReferenceColumn } from './column.ts';
import { sketchCells } from './sketch-cells.ts';

const PSI_BINS = 10;

/**
 * Freezes one column of a reference: its sketch, the edges that never move again, and how each metric varies over the
 * reference's own windows (row numbers, see pseudoWindows).
 */
export function buildBaselineColumn(
  column: ReferenceColumn,
  categorical: boolean,
  windows: readonly (readonly number[])[],
): BaselineColumn {
  const kind = column.kind(categorical);
  const cells = column.pick();
  const frozen = { feature: column.name, sketch: sketchCells(cells, kind), ...edges(cells, kind), spread: {} };
  const samples = windows.map((rows) => sketchCells(column.pick(rows), kind));
  return { ...frozen, spread: spreads(frozen, samples) };
}

function edges(cells: readonly Cell[], kind: FeatureKind): Pick<BaselineColumn, 'psiEdges' | 'grid'> {
  const sketch = sketchCells(cells, kind);
  if (sketch.kind !== 'numeric') return { psiEdges: [], grid: categoricalGrid(sketch.categorical, sketch.kind) };
  const sorted = Float64Array.from(
    cells.filter((cell) => typeof cell === 'number' && Number.isFinite(cell)) as number[],
  ).sort();
  const psiEdges = quantileEdges(sorted, PSI_BINS);
  return { psiEdges, grid: numericGrid(psiEdges, sorted) };
}

function spreads(column: BaselineColumn, samples: readonly FeatureSketch[]): Partial<Record<MetricName, Spread>> {
  const result: Partial<Record<MetricName, Spread>> = {};
  for (const metric of Object.values(METRICS)) {
    if (!metric.appliesTo(column)) continue;
    const effects: number[] = [];
    for (const sample of samples) {
      const outcome = metric.compute(column, sample);
      if (outcome.kind === 'score') effects.push(outcome.effect);
    }
    if (effects.length > 1) result[metric.metric] = meanAndSd(effects);
  }
  return result;
}

function meanAndSd(values: readonly number[]): Spread {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, sd: Math.sqrt(squares / (values.length - 1)), windows: values.length };
}

import { categoricalFromCounts } from '../sketch/categorical.ts';
import { BASELINE_TOLERANCE, sketchNumeric } from '../sketch/numeric.ts';
import type { FeatureKind, FeatureSketch } from '../sketch/types.ts';
import type { Cell } from './cells.ts';

/** Sketch of one column's cells, read as `kind`. */
export function sketchCells(cells: readonly Cell[], kind: FeatureKind): FeatureSketch {
  return kind === 'numeric' ? sketchNumbers(cells) : sketchCategories(cells, kind);
}

function sketchNumbers(cells: readonly Cell[]): FeatureSketch {
  const values = new Float64Array(cells.length);
  let n = 0;
  let missing = 0;
  let infinite = 0;
  for (const cell of cells) {
    if (typeof cell !== 'number') missing += 1;
    else if (Number.isFinite(cell)) values[n++] = cell;
    else infinite += 1;
  }
  const numeric = sketchNumeric(values, n, BASELINE_TOLERANCE);
  return { kind: 'numeric', count: cells.length, missing, nan: 0, infinite, wrongType: 0, numeric };
}

function sketchCategories(cells: readonly Cell[], kind: 'categorical' | 'boolean'): FeatureSketch {
  const counts = new Map<string, number>();
  let missing = 0;
  for (const cell of cells) {
    if (cell === null) missing += 1;
    else counts.set(String(cell), (counts.get(String(cell)) ?? 0) + 1);
  }
  const categorical = categoricalFromCounts(counts);
  return { kind, count: cells.length, missing, nan: 0, infinite: 0, wrongType: 0, categorical };
}

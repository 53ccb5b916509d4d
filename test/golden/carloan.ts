import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import type { BaselineColumn } from '../../lib/core/baselines/types.ts';
import { categoricalFromCounts } from '../../lib/core/sketch/categorical.ts';
import { emptySketch, mergeFeatureSketches } from '../../lib/core/sketch/feature.ts';
import { categoricalGrid, numericGrid, quantileEdges } from '../../lib/core/sketch/grid.ts';
import { BASELINE_TOLERANCE, sketchNumeric } from '../../lib/core/sketch/numeric.ts';
import type { FeatureSketch } from '../../lib/core/sketch/types.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
/** The demo's data serve here too; what the demo does not play lies with the tests. */
const DATA_FOLDERS = ['services/demo/data', 'test/fixtures/data'];

export type Columns = ReadonlyMap<string, readonly string[]>;

export interface GoldenChunk {
  n: number;
  psi: number;
  ks: number;
  ks_p: number;
  mean: number;
  std: number;
  q50: number;
  chi2: number;
  chi2_p: number;
  dof: number;
  counts: Record<string, number>;
}

export interface GoldenFeature {
  kind: 'num' | 'cat';
  edges: number[];
  ref_frac: number[];
  chunks_0_9_then_whole: GoldenChunk[];
}

export function readGolden(): Record<string, GoldenFeature> {
  const text = readFileSync(`${ROOT}test/fixtures/golden/exact_carloan.json`, 'utf8');
  return (JSON.parse(text) as { features: Record<string, GoldenFeature> }).features;
}

/** Columns of a plain CSV (no quotes in these files), by name. */
export function readColumns(file: string): Columns {
  const paths = DATA_FOLDERS.map((folder) => `${ROOT}${folder}/${file}.csv.gz`);
  const path = paths.find((candidate) => existsSync(candidate));
  if (path === undefined) throw new Error(`none of these exists: ${paths.join(', ')}`);
  const text = gunzipSync(readFileSync(path)).toString('utf8');
  const [header, ...rows] = text.trimEnd().split('\n');
  const names = header!.split(',');
  const columns: string[][] = names.map(() => []);
  for (const row of rows) {
    for (const [i, cell] of row.split(',').entries()) columns[i]!.push(cell);
  }
  return new Map(names.map((name, i) => [name, columns[i]!]));
}

/** A sketch of text cells; an empty cell is missing. */
export function sketchCells(kind: 'num' | 'cat', cells: readonly string[], tolerance?: number): FeatureSketch {
  const present = cells.filter((cell) => cell !== '');
  const counts = { count: cells.length, missing: cells.length - present.length };
  if (kind === 'num') {
    const numeric = sketchNumeric(Float64Array.from(present, Number), present.length, tolerance);
    return { ...emptySketch('numeric'), ...counts, kind: 'numeric', numeric };
  }
  const byName = new Map<string, number>();
  for (const cell of present) byName.set(cell, (byName.get(cell) ?? 0) + 1);
  return { ...emptySketch('categorical'), ...counts, kind: 'categorical', categorical: categoricalFromCounts(byName) };
}

/** The same values as sketches of `parts` interleaved shares, merged: what partitions and chunks do to a window. */
export function sketchInParts(kind: 'num' | 'cat', cells: readonly string[], parts: number): FeatureSketch {
  const shares = Array.from({ length: parts }, (_, p) => cells.filter((_cell, i) => i % parts === p));
  return mergeFeatureSketches(shares.map((share) => sketchCells(kind, share)));
}

export function baselineOf(feature: string, kind: 'num' | 'cat', cells: readonly string[]): BaselineColumn {
  const sketch = sketchCells(kind, cells, BASELINE_TOLERANCE);
  if (sketch.kind !== 'numeric') {
    return { feature, sketch, psiEdges: [], grid: categoricalGrid(sketch.categorical), spread: {} };
  }
  const sorted = Float64Array.from(
    cells.filter((cell) => cell !== ''),
    Number,
  ).sort();
  const psiEdges = quantileEdges(sorted, 10);
  return { feature, sketch, psiEdges, grid: numericGrid(psiEdges, sorted), spread: {} };
}

import type { Baseline, BaselineColumn } from '../core/baselines/types.ts';
import type { FeatureGrid, FeatureSketch } from '../core/sketch/types.ts';
import type { Row, Store } from '../ports/store.ts';
import { type SketchColumns, sketchColumns, sketchFromColumns } from './sketch-columns.ts';

type BaselineRow = SketchColumns & { feature: string; psi_edges: number[]; grid_edges: number[]; spread: string };

/** Version registered last for a model's baseline; null where there is none. */
export async function currentBaselineVersion(store: Store, model: string, name: string): Promise<string | null> {
  const rows = await store.query<{ version: string }>(
    `SELECT argMax(baseline_version, registered_at) AS version FROM baseline_rows
     WHERE model = {model:String} AND baseline = {name:String} HAVING count() > 0`,
    { model, name },
  );
  return rows[0]?.version ?? null;
}

/** The version registered last of every baseline. */
export async function currentBaselineVersions(
  store: Store,
): Promise<{ model: string; name: string; version: string }[]> {
  return store.query(
    `SELECT model, baseline AS name, argMax(baseline_version, registered_at) AS version
     FROM baseline_rows GROUP BY model, baseline`,
  );
}

/** The baseline version registered last, or null. */
export async function loadBaseline(store: Store, model: string, name: string): Promise<Baseline | null> {
  const version = await currentBaselineVersion(store, model, name);
  if (version === null) return null;
  const rows = await store.query<BaselineRow>(
    `SELECT * EXCEPT (registered_at) FROM baseline_rows FINAL
     WHERE model = {model:String} AND baseline = {name:String} AND baseline_version = {version:String} ORDER BY feature`,
    { model, name, version },
  );
  return { model, name, version, columns: new Map(rows.map((row) => [row.feature, columnFromRow(row)])) };
}

/** Writes all columns of a baseline version in one insert. */
export async function insertBaseline(store: Store, baseline: Baseline): Promise<void> {
  const { model, name, version } = baseline;
  const rows: Row[] = [...baseline.columns.values()].map((column) => ({
    model,
    baseline: name,
    baseline_version: version,
    feature: column.feature,
    ...sketchColumns(column.sketch),
    psi_edges: column.psiEdges,
    grid_edges: column.grid.kind === 'numeric' ? column.grid.edges : [],
    spread: JSON.stringify(column.spread),
  }));
  await store.insert('baseline_rows', rows);
}

function columnFromRow(row: BaselineRow): BaselineColumn {
  const sketch = sketchFromColumns(row);
  return {
    feature: row.feature,
    sketch,
    psiEdges: row.psi_edges,
    grid: gridOf(sketch, row.grid_edges),
    spread: JSON.parse(row.spread) as BaselineColumn['spread'],
  };
}

function gridOf(sketch: FeatureSketch, edges: number[]): FeatureGrid {
  if (sketch.kind === 'numeric') return { kind: 'numeric', edges };
  return { kind: sketch.kind, categories: sketch.categorical.values };
}

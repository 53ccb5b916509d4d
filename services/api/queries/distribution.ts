import type { Store } from '../../../lib/ports/store.ts';
import { loadBaseline } from '../../../lib/tables/baselines.ts';
import { type SketchColumns, sketchFromColumns } from '../../../lib/tables/sketch-columns.ts';
import type { Side } from '../distribution.ts';
import type { FeatureDetail } from '../schemas/features.ts';

/** Which window's distribution to show; absent parts take the latest. */
export interface WindowChoice {
  model: string;
  feature: string;
  segment: string;
  windowStart?: number;
  version?: string;
  role?: string;
}

export interface SealedDistribution {
  window: NonNullable<FeatureDetail['window']>;
  side: Side | null;
}

type SealedRow = SketchColumns & {
  version: string;
  role: string;
  start: number;
  end: number;
  state: 'complete' | 'revised';
  revision: number;
  note: string;
};

/** The sealed sketch of the chosen window, or null where none is sealed. Segments are stored as cells: they have no sketch. */
export async function sealedDistribution(store: Store, choice: WindowChoice): Promise<SealedDistribution | null> {
  const where = ['model = {model:String}', 'feature = {feature:String}', 'segment = {segment:String}'];
  if (choice.windowStart !== undefined) where.push('toUnixTimestamp64Milli(window_start) = {windowStart:Int64}');
  if (choice.version !== undefined) where.push('version = {version:String}');
  if (choice.role !== undefined) where.push('role = {role:String}');
  const rows = await store.query<SealedRow>(
    `SELECT version, role, toUnixTimestamp64Milli(window_start) AS start, toUnixTimestamp64Milli(window_end) AS end, state,
       revision, note, kind, count, missing, \`nan\`, infinite, wrong_type, n, min, max, mean, m2, values, below, at_or_below,
       categories, category_counts, other
     FROM window_rows FINAL WHERE ${where.join(' AND ')} ORDER BY window_start DESC, role, version LIMIT 1`,
    { ...choice },
  );
  const row = rows[0];
  if (!row) return null;
  const { version, role, start, end, state, revision, note } = row;
  const usable = choice.segment === '' && note === '';
  return {
    window: { version, role, start, end, state, revision, note },
    side: usable ? { name: new Date(start).toISOString(), sketch: sketchFromColumns(row) } : null,
  };
}

/** A column's distribution in a baseline: the version registered last. */
export async function baselineDistribution(
  store: Store,
  model: string,
  baseline: string,
  feature: string,
): Promise<Side | null> {
  const loaded = await loadBaseline(store, model, baseline);
  const column = loaded?.columns.get(feature);
  return column ? { name: baseline, sketch: column.sketch } : null;
}

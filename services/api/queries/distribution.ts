import type { Store } from '../../../lib/ports/store.ts';
import { loadBaseline } from '../../../lib/tables/baselines.ts';
import type { WindowRef } from '../../../lib/tables/ledger.ts';
import { type SketchColumns, sketchFromColumns } from '../../../lib/tables/sketch-columns.ts';
import type { Side } from '../distribution.ts';
import type { FeatureDetail } from '../schemas/features.ts';
import { type Condition, recentWindows } from './recent.ts';

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
  const chosen = await chooseWindow(store, choice);
  if (chosen === null) return null;
  const rows = await store.query<SealedRow>(
    `SELECT version, role, toUnixTimestamp64Milli(w.window_start) AS start, toUnixTimestamp64Milli(w.window_end) AS end, state,
       revision, note, kind, count, missing, \`nan\`, infinite, wrong_type, n, min, max, mean, m2, values, below, at_or_below,
       categories, category_counts, other
     FROM window_rows AS w FINAL
     WHERE ${COLUMN} AND version = {version:String} AND role = {role:String}
       AND w.window_start = fromUnixTimestamp64Milli({start:Int64}, 'UTC') AND w.window_end = fromUnixTimestamp64Milli({end:Int64}, 'UTC')`,
    { ...choice, ...chosen },
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

const COLUMN = 'model = {model:String} AND feature = {feature:String} AND segment = {segment:String}';

/** Only keys are read for this: the sketches of every window that could be meant would be a lot. */
async function chooseWindow(store: Store, choice: WindowChoice): Promise<WindowRef | null> {
  const find = async ({ sql, params }: Condition): Promise<WindowRef | null> => {
    const where = [COLUMN, sql];
    if (choice.version !== undefined) where.push('version = {version:String}');
    if (choice.role !== undefined) where.push('role = {role:String}');
    const rows = await store.query<WindowRef>(
      `SELECT version, role, toUnixTimestamp64Milli(w.window_start) AS start, toUnixTimestamp64Milli(w.window_end) AS end
       FROM window_rows AS w WHERE ${where.join(' AND ')}
       ORDER BY w.window_start DESC, role, version LIMIT 1`,
      { ...choice, ...params },
    );
    return rows[0] ?? null;
  };
  if (choice.windowStart !== undefined) {
    return find({ sql: "w.window_start = fromUnixTimestamp64Milli({windowStart:Int64}, 'UTC')", params: {} });
  }
  // A column that the latest windows do not have is looked for in all of them.
  return (await find(await recentWindows(store, choice.model, 1))) ?? (await find({ sql: '1', params: {} }));
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

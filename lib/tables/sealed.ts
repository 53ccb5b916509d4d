import type { GridLookup, SealedColumn, SealedState, SealedWindow } from '../core/detection/types.ts';
import type { FeatureKind, FeatureSketch, GridCounts } from '../core/sketch/types.ts';
import type { Row, Store } from '../ports/store.ts';
import type { WindowRef } from './ledger.ts';
import { gridId, periodBounds } from './periods.ts';
import {
  type GridColumns,
  gridColumns,
  gridFromColumns,
  type SketchColumns,
  sketchColumns,
  sketchFromColumns,
} from './sketch-columns.ts';
import { sqlTime } from './time.ts';

/** What is known of a sealed window without its columns. */
export interface SealedHead extends WindowRef, SealedState {
  covered: number;
  timezone: string;
}

/** A window to be stored; `timezone`: of its model when it was sealed first, says which hour and day it belongs to. */
export interface WindowToSeal {
  window: SealedWindow;
  sealed: SealedState;
  timezone: string;
}

/** Heads of the windows of the model that start at these times (ms). */
export async function readSealedHeads(store: Store, model: string, starts: readonly number[]): Promise<SealedHead[]> {
  return store.query<SealedHead>(
    `SELECT version, role, toUnixTimestamp64Milli(window_start) AS start, toUnixTimestamp64Milli(window_end) AS end,
       state, revision, covered, timezone
     FROM window_rows FINAL
     WHERE model = {model:String} AND feature = '' AND segment = '' AND window_start IN (
       SELECT toDateTime64(arrayJoin({starts:Array(String)}), 3, 'UTC'))`,
    { model, starts: starts.map(sqlTime) },
  );
}

/** Writes all columns of the windows in one insert; a window of less coverage than the stored one loses by its version. */
export async function insertSealed(store: Store, windows: readonly WindowToSeal[], gridOf: GridLookup): Promise<void> {
  const rows = windows.flatMap((toSeal) => {
    const periods = periodBounds(toSeal.window.window, toSeal.timezone);
    const { window } = toSeal;
    return window.columns.map((column) => ({
      ...rowOf(toSeal, column),
      ...periods,
      grid: gridId(window, column.feature, column.segment, gridOf),
    }));
  });
  await store.insert('window_rows', rows);
}

/** One column of a sealed window, or null where it was not sealed or has no distribution. */
export async function readSealedColumn(
  store: Store,
  model: string,
  window: WindowRef,
  feature: string,
  segment: string,
): Promise<{ sketch: FeatureSketch | null; grid: GridCounts | null } | null> {
  const rows = await store.query<Omit<SketchColumns, 'kind'> & GridColumns & { kind: FeatureKind | ''; note: string }>(
    `SELECT * FROM window_rows FINAL
     WHERE model = {model:String} AND version = {version:String} AND role = {role:String}
       AND feature = {feature:String} AND segment = {segment:String}
       AND window_start = toDateTime64({start:String}, 3, 'UTC') AND window_end = toDateTime64({end:String}, 3, 'UTC')`,
    {
      model,
      version: window.version,
      role: window.role,
      feature,
      segment,
      start: sqlTime(window.start),
      end: sqlTime(window.end),
    },
  );
  const row = rows[0];
  if (row === undefined || row.kind === '' || row.note !== '') return null;
  if (segment !== '') return { sketch: null, grid: gridFromColumns(row) };
  return { sketch: sketchFromColumns({ ...row, kind: row.kind }), grid: null };
}

function rowOf({ window, sealed, timezone }: WindowToSeal, column: SealedColumn): Row {
  return {
    model: window.model,
    window_start: sqlTime(window.window.start),
    window_end: sqlTime(window.window.end),
    version: window.version,
    role: window.role,
    feature: column.feature,
    segment: column.segment,
    ...(column.sketch === null ? {} : sketchColumns(column.sketch)),
    ...(column.grid === null ? {} : gridColumns(column.grid)),
    kind: column.kind,
    count: column.count,
    errors: column.errors,
    note: column.note,
    state: sealed.state,
    revision: sealed.revision,
    covered: window.covered,
    coverage: JSON.stringify(window.coverage),
    timezone,
  };
}

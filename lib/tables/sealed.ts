import type { GridLookup, SealedColumn, SealedState, SealedWindow } from '../core/detection/types.ts';
import type { FeatureKind, FeatureSketch, GridCounts } from '../core/sketch/types.ts';
import { blocksOf, NativeBlock, TEXT, TIME, UINT64 } from '../core/sql/native.ts';
import type { Store } from '../ports/store.ts';
import { IN_WINDOWS, type ModelRow, startParams, type WindowRef, type WindowStarts } from './ledger.ts';
import { gridId, PERIOD_TIMES, type PeriodTimes, periodTimes } from './periods.ts';
import { columnBody, each, SketchBlock } from './sketch-block.ts';
import { type GridColumns, gridFromColumns, type SketchColumns, sketchFromColumns } from './sketch-columns.ts';
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

/** Heads of these windows, as far as they are sealed. */
export async function readSealedHeads(
  store: Store,
  windows: readonly WindowStarts[],
): Promise<(SealedHead & ModelRow)[]> {
  return store.query(
    `SELECT model, version, role, toUnixTimestamp64Milli(window_start) AS start, toUnixTimestamp64Milli(window_end) AS end,
       state, revision, covered, timezone
     FROM window_rows FINAL
     WHERE feature = '' AND segment = '' AND ${IN_WINDOWS}`,
    startParams(windows),
  );
}

/** Writes all columns of the windows in one insert; a window of less coverage than the stored one loses by its version. */
export async function insertSealed(store: Store, windows: readonly WindowToSeal[], gridOf: GridLookup): Promise<void> {
  const rows = windows.flatMap((toSeal) => {
    const periods = periodTimes(toSeal.window.window, toSeal.timezone);
    const coverage = JSON.stringify(toSeal.window.coverage);
    return toSeal.window.columns.map((column): SealedRow => {
      const grid = gridId(toSeal.window, column.feature, column.segment, gridOf);
      return { ...toSeal, column, periods, coverage, grid };
    });
  });
  await store.insertNative(
    'window_rows',
    SEALED_COLUMNS,
    blocksOf(rows, () => new SealedBlock()),
  );
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

interface SealedRow extends WindowToSeal {
  column: SealedColumn;
  periods: PeriodTimes;
  coverage: string;
  grid: string;
}

const TEXTS = [
  'model',
  'version',
  'role',
  'feature',
  'segment',
  'note',
  'state',
  'coverage',
  'timezone',
  'grid',
] as const;

/** Rows for window_rows. */
class SealedBlock {
  readonly block = new NativeBlock();
  readonly #texts = each(TEXTS, (name) => this.block.values(name, TEXT));
  readonly #times = each(['window_start', 'window_end', ...PERIOD_TIMES] as const, (name) =>
    this.block.values(name, TIME),
  );
  readonly #counts = each(['revision', 'covered'] as const, (name) => this.block.values(name, UINT64));
  readonly #body = new SketchBlock(this.block);

  add({ window, sealed, timezone, column, periods, coverage, grid }: SealedRow): void {
    const { model, version, role } = window;
    const { feature, segment, note } = column;
    const texts = { model, version, role, feature, segment, note, state: sealed.state, coverage, timezone, grid };
    for (const name of TEXTS) this.#texts[name].add(texts[name]);
    this.#times.window_start.add(window.window.start);
    this.#times.window_end.add(window.window.end);
    for (const name of PERIOD_TIMES) this.#times[name].add(periods[name]);
    this.#counts.revision.add(sealed.revision);
    this.#counts.covered.add(window.covered);
    this.#body.add(columnBody(column));
  }
}

const SEALED_COLUMNS = new SealedBlock().block.names;

import type { PeriodColumn } from '../core/rollups/merge-period.ts';
import { blocksOf, NativeBlock, TEXT, TIME, UINT64 } from '../core/sql/native.ts';
import type { Resolution } from '../core/windows/periods.ts';
import type { Row, Store } from '../ports/store.ts';
import type { WindowRef } from './ledger.ts';
import { columnBody, each, SketchBlock } from './sketch-block.ts';
import { distributionsOf, rowsOfBlocks, type StoredColumns } from './stored-columns.ts';
import { sqlTime } from './time.ts';

/** What a period is made of, by the rows that stand for its windows as a whole. */
export interface PeriodHead extends WindowRef {
  windows: number;
  state: 'complete' | 'revised';
  revision: number;
  /** Sum over its windows: of two states of a period the greater one is later. */
  covered: number;
  /** Of the period that is stored; 0: none. */
  stored: number;
  /** Of an hour: the day it belongs to, ms; null for a day. */
  day: { start: number; end: number } | null;
}

/** A column of a period, with the values and cells of its parts, a measure of what reading them takes. */
export interface ColumnSize {
  feature: string;
  segment: string;
  /** Sums over the parts; of `feature` '' events. */
  count: number;
  size: number;
}

/** Periods of the model of which windows were sealed or revised since they were rolled up, earliest first. */
export async function pendingPeriods(store: Store, model: string, resolution: Resolution): Promise<PeriodHead[]> {
  return readHeads(store, resolution, 'head.covered > stored.covered', { model }, '1');
}

/** The period as its windows are now; null where there are none (any more). */
export async function readPeriodHead(
  store: Store,
  model: string,
  resolution: Resolution,
  period: WindowRef,
): Promise<PeriodHead | null> {
  const rows = await readHeads(store, resolution, '1', { model, ...boundsOf(period) }, WITHIN);
  return rows[0] ?? null;
}

/** Every column of the period, by segment and feature: those of the windows and segments themselves (feature '') too. */
export async function periodColumns(
  store: Store,
  model: string,
  resolution: Resolution,
  period: WindowRef,
): Promise<ColumnSize[]> {
  const parts = partsOf(
    resolution,
    'feature, segment, count, values.size0 + cells.size0 + categories.size0 AS size',
    WITHIN,
  );
  return store.query(
    `SELECT feature, segment, sum(count) AS count, sum(size) AS size FROM (${parts})
     GROUP BY feature, segment ORDER BY segment, feature`,
    { model, ...boundsOf(period) },
  );
}

/** The parts of some columns of a period, in no order. */
export async function periodParts(
  store: Store,
  model: string,
  resolution: Resolution,
  period: WindowRef,
  columns: readonly Pick<ColumnSize, 'feature' | 'segment'>[],
): Promise<PeriodColumn[]> {
  const chosen = `${WITHIN} AND (feature, segment) IN (
    SELECT arrayJoin(arrayZip({features:Array(String)}, {segments:Array(String)})))`;
  const blocks = await store.queryNative(partsOf(resolution, PART, chosen), {
    ...{ model, ...boundsOf(period) },
    features: columns.map(({ feature }) => feature),
    segments: columns.map(({ segment }) => segment),
  });
  return rowsOfBlocks(blocks, partRows);
}

/** Writes columns of a period in one insert. Those of less coverage than stored lose by their version. */
export async function insertPeriod(
  store: Store,
  model: string,
  resolution: Resolution,
  head: PeriodHead,
  columns: readonly PeriodColumn[],
): Promise<void> {
  const open = () => new PeriodBlock(model, head);
  const rows = blocksOf(columns, open);
  await store.insertNative(`${resolution}_rows`, open().block.names, rows);
}

const WITHIN = `version = {version:String} AND role = {role:String}
  AND window_start >= toDateTime64({start:String}, 3, 'UTC') AND window_start < toDateTime64({end:String}, 3, 'UTC')
  AND period_start = toDateTime64({start:String}, 3, 'UTC') AND period_end = toDateTime64({end:String}, 3, 'UTC')`;

const PART = `feature, segment, kind, count, errors, missing, \`nan\`, infinite, wrong_type, n, min, max, mean, m2, values, below,
  at_or_below, categories, category_counts, other, cells, cell_counts, grid, note`;

/** Lets FINAL leave out by their key rows that are not asked for, before it reads their sketches. */
const BY_KEY = 'SETTINGS optimize_move_to_prewhere_if_final = 1';

/**
 * An hour is made of sealed windows; a day of hours, and of sealed windows too long for an hour. Reading FINAL keeps windows
 * that were sealed again from counting twice.
 */
function partsOf(resolution: Resolution, columns: string, where: string): string {
  const windows = `1 AS windows, ${columns}`;
  if (resolution === 'hour') {
    const periods =
      'hour_start AS period_start, hour_end AS period_end, day_start AS part_day, day_end AS part_day_end';
    return `SELECT ${periods}, ${windows} FROM window_rows FINAL
      WHERE model = {model:String} AND hour_start < hour_end AND (${where}) ${BY_KEY}`;
  }
  const periods = 'day_start AS period_start, day_end AS period_end, day_start AS part_day, day_end AS part_day_end';
  return `SELECT ${periods}, windows, ${columns} FROM hour_rows FINAL
      WHERE model = {model:String} AND day_start < day_end AND (${where}) ${BY_KEY}
    UNION ALL
    SELECT ${periods}, ${windows} FROM window_rows FINAL
      WHERE model = {model:String} AND hour_start = hour_end AND day_start < day_end AND (${where}) ${BY_KEY}`;
}

async function readHeads(
  store: Store,
  resolution: Resolution,
  having: string,
  params: Row,
  where: string,
): Promise<PeriodHead[]> {
  const columns = 'version, role, window_start, state, revision, covered';
  const parts = partsOf(resolution, columns, `feature = '' AND segment = '' AND (${where})`);
  const rows = await store.query<Omit<PeriodHead, 'day'> & { day_start: number; day_end: number }>(
    `SELECT version, role, toUnixTimestamp64Milli(period_start) AS start, toUnixTimestamp64Milli(period_end) AS end,
       head.windows AS windows, head.state AS state, head.revision AS revision, head.covered AS covered,
       stored.covered AS stored, toUnixTimestamp64Milli(head.first_day.1) AS day_start,
       toUnixTimestamp64Milli(head.first_day.2) AS day_end
     FROM (
       SELECT version, role, period_start, period_end, sum(parts.windows) AS windows,
         if(max(parts.state = 'revised'), 'revised', 'complete') AS state, sum(parts.revision) AS revision,
         sum(parts.covered) AS covered, argMin((part_day, part_day_end), (window_start, part_day)) AS first_day
       FROM (${parts}) AS parts
       GROUP BY version, role, period_start, period_end) AS head
     LEFT JOIN (
       SELECT version, role, window_start AS period_start, window_end AS period_end, max(covered) AS covered
       FROM ${resolution}_rows WHERE model = {model:String} AND feature = '' AND segment = ''
       GROUP BY version, role, period_start, period_end) AS stored
     USING (version, role, period_start, period_end)
     WHERE ${having}
     ORDER BY start, end, version, role`,
    params,
  );
  return rows.map(({ day_start, day_end, ...head }) => ({
    ...head,
    day: resolution === 'hour' ? { start: day_start, end: day_end } : null,
  }));
}

function boundsOf({ version, role, start, end }: WindowRef): Row {
  return { version, role, start: sqlTime(start), end: sqlTime(end) };
}

type PartColumns = StoredColumns & Record<'grid' | 'note', ArrayLike<string>>;

function partRows(columns: PartColumns): (row: number) => PeriodColumn {
  const { feature, segment, count, errors, kind, note, grid } = columns;
  const distributionAt = distributionsOf(columns);
  return (row) => ({
    feature: feature[row]!,
    segment: segment[row]!,
    count: count[row]!,
    errors: errors[row]!,
    kind: kind[row]!,
    note: note[row]!,
    gridId: grid[row]!,
    ...(note[row] === '' ? distributionAt(row) : { sketch: null, grid: null }),
  });
}

/** Columns of one period for hour_rows or day_rows. */
class PeriodBlock {
  readonly block = new NativeBlock();
  readonly #texts = each(['feature', 'segment', 'note', 'grid'] as const, (name) => this.block.values(name, TEXT));
  readonly #body = new SketchBlock(this.block);

  constructor(model: string, { version, role, start, end, windows, state, revision, covered, day }: PeriodHead) {
    const { block } = this;
    for (const [name, text] of Object.entries({ model, version, role, state })) block.constant(name, TEXT, text);
    const times = day === null ? {} : { day_start: day.start, day_end: day.end };
    for (const [name, ms] of Object.entries({ window_start: start, window_end: end, ...times })) {
      block.constant(name, TIME, ms);
    }
    for (const [name, count] of Object.entries({ windows, revision, covered })) block.constant(name, UINT64, count);
  }

  add(column: PeriodColumn): void {
    const { feature, segment, note, gridId } = column;
    this.#texts.feature.add(feature);
    this.#texts.segment.add(segment);
    this.#texts.note.add(note);
    this.#texts.grid.add(gridId);
    this.#body.add(columnBody(column));
  }
}

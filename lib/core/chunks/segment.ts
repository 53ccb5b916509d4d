import type { FeatureValue } from '../events/types.ts';
import type { GridCounts } from '../sketch/types.ts';
import type { CompiledColumn } from './compiled-spec.ts';
import { ValueTally } from './tally.ts';

const SEGMENT_BYTES = 300;
const GRID_BYTES = 200;

interface GridColumn {
  tally: ValueTally;
  cells: Uint32Array;
}

/** One value of one segment in one window: its events, and its columns as counts on their frozen grids. */
export class Segment {
  events = 0;
  errors = 0;
  /** Offset of the last event that belongs to it. */
  lastOffset = -1;
  changed = false;
  bytes = SEGMENT_BYTES;
  readonly #columns = new Map<CompiledColumn, GridColumn>();

  addEvent(offset: number, isError: boolean): void {
    this.events += 1;
    if (isError) this.errors += 1;
    this.lastOffset = offset;
    this.changed = true;
  }

  addValue(column: CompiledColumn, value: FeatureValue): void {
    let grid = this.#columns.get(column);
    if (grid === undefined) {
      grid = { tally: new ValueTally(), cells: new Uint32Array(column.cells) };
      this.#columns.set(column, grid);
      this.bytes += GRID_BYTES + grid.cells.byteLength;
    }
    const usable = grid.tally.take(column.kind, value);
    if (usable !== null) grid.cells[column.cellOf(usable)]! += 1;
  }

  /** Counts of one column over the segment's events. */
  counts(column: CompiledColumn): GridCounts {
    const grid = this.#columns.get(column);
    const counts = (grid?.tally ?? new ValueTally()).counts(this.events);
    const result: GridCounts = { ...counts, cells: [], counts: [], n: 0 };
    grid?.cells.forEach((count, cell) => {
      if (count === 0) return;
      result.cells.push(cell);
      result.counts.push(count);
      result.n += count;
    });
    return result;
  }
}

import type { FeatureValue } from '../events/types.ts';
import type { GridCounts } from '../sketch/types.ts';
import { HEAD, INFINITE, NAN, WRONG_TYPE } from './column-slots.ts';
import type { CompiledColumn } from './compiled-spec.ts';
import { readAs } from './reading.ts';

const SEGMENT_BYTES = 600;

/** Bytes a segment holds, estimated. */
export function segmentBytes(slots: number): number {
  return SEGMENT_BYTES + slots * Uint32Array.BYTES_PER_ELEMENT;
}

/** One value of one segment in one window: its events, and the columns of the spec as counts on their frozen grids. */
export class Segment {
  events = 0;
  errors = 0;
  /** Offset of the last event that belongs to it. */
  lastOffset = -1;
  changed = false;
  /** Bytes held, estimated. */
  readonly bytes: number;
  /** Of all columns in one array: one allocation, however many columns. */
  readonly #counts: Uint32Array;

  /** `slots`: counts over all columns. */
  constructor(slots: number) {
    this.#counts = new Uint32Array(slots);
    this.bytes = segmentBytes(slots);
  }

  addEvent(offset: number, isError: boolean): void {
    this.events += 1;
    if (isError) this.errors += 1;
    this.lastOffset = offset;
    this.changed = true;
  }

  addValue(column: CompiledColumn, value: FeatureValue): void {
    const read = readAs(column.kind, value);
    if (read === null) return;
    const { slot } = column;
    this.#counts[slot]! += 1;
    if (typeof read !== 'object') this.#counts[slot + HEAD + column.cellOf(read)]! += 1;
    else if (read.why === 'nan') this.#counts[slot + NAN]! += 1;
    else if (read.why === 'infinite') this.#counts[slot + INFINITE]! += 1;
    else if (read.why === 'wrongType') this.#counts[slot + WRONG_TYPE]! += 1;
  }

  /** Counts of one column over the segment's events. */
  counts({ slot, cells }: CompiledColumn): GridCounts {
    const [seen, nan, infinite, wrongType] = this.#counts.subarray(slot, slot + HEAD) as unknown as number[];
    const result: GridCounts = {
      count: this.events,
      missing: this.events - seen!,
      nan: nan!,
      infinite: infinite!,
      wrongType: wrongType!,
      cells: [],
      counts: [],
      n: 0,
    };
    for (let cell = 0; cell < cells; cell++) {
      const count = this.#counts[slot + HEAD + cell]!;
      if (count === 0) continue;
      result.cells.push(cell);
      result.counts.push(count);
      result.n += count;
    }
    return result;
  }
}

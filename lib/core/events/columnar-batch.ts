import { fillColumn } from './batch-columns.ts';
import { type BatchPlan, planBatch } from './batch-plan.ts';
import type { BatchIds, ColumnarBatch } from './batch-types.ts';
import { MISSING, type PredictionBlock } from './block.ts';
import { LIMITS } from './limits.ts';
import type { RowTexts } from './row-text.ts';
import type { ShapeCatalog } from './shape.ts';
import type { Rejection } from './types.ts';

/** Where and when the record came in, and who writes its rows as JSON; null: nobody. */
export interface BatchOrigin {
  offset: number;
  /** ms */
  arrival: number;
  texts: RowTexts | null;
}

/** The last millisecond of year 9999 lies below this many 2^32 ms. */
const HIGH = 4_294_967_296;
const LAST_TIMESTAMP = 253_402_300_799_999;

/**
 * Puts all rows of the batch at the end of the block, column by column, or says what is wrong with it: then none of them is
 * there. 'full': the block has to be emptied first, and nothing happened.
 */
export function appendBatch(
  block: PredictionBlock,
  shapes: ShapeCatalog,
  batch: ColumnarBatch,
  { offset, arrival, texts }: BatchOrigin,
): 'read' | 'full' | Rejection {
  const plan = planBatch(batch, shapes);
  if ('code' in plan) return plan;
  const { count } = batch.ids;
  if (count === 0) return 'read';
  if (!block.accept(plan.shape, count)) return 'full';
  const problem = idsProblem(batch.ids) ?? fillTimestamps(block, batch.timestamps) ?? fillColumns(block, batch, plan);
  if (problem !== null) return problem;
  const first = block.length;
  fillIds(block, batch.ids);
  fillNames(block, plan, count);
  block.commitRows(count, offset, arrival);
  if (texts !== null) for (let row = first; row < block.length; row++) block.texts[row] = texts.text(block, row);
  return 'read';
}

function idsProblem(ids: BatchIds): Rejection | null {
  for (let row = 0; row < ids.count; row++) {
    const length = ids.source === null ? ids.texts[row]!.length : ids.ends[row]! - ids.starts[row]!;
    if (length > 0 && length <= LIMITS.nameLength) continue;
    const path = `prediction_ids[${row}]`;
    if (length === 0) return { code: 'missing_field', path, message: 'a prediction needs an id' };
    return { code: 'too_large', path, message: `more than ${LIMITS.nameLength} characters`, limit: 'name_length' };
  }
  return null;
}

function fillIds(block: PredictionBlock, ids: BatchIds): void {
  const first = block.length;
  block.idSources.fill(ids.source, first, first + ids.count);
  if (ids.source === null) {
    for (let row = 0; row < ids.count; row++) block.ids[first + row] = ids.texts[row]!;
    return;
  }
  const { starts, ends, count } = ids;
  block.ids.fill(null, first, first + count);
  block.idStarts.set(starts.subarray(0, count), first);
  block.idEnds.set(ends.subarray(0, count), first);
}

function fillTimestamps(block: PredictionBlock, bytes: Uint8Array): Rejection | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const { timestamps, length: first } = block;
  const count = bytes.length / 8;
  for (let row = 0; row < count; row++) {
    const ms = view.getInt32(row * 8 + 4, true) * HIGH + view.getUint32(row * 8, true);
    if (!(ms >= 0 && ms <= LAST_TIMESTAMP)) {
      const message = 'expected ms since 1970, from 1970 to 9999';
      return { code: 'bad_timestamp', path: `timestamps[${row}]`, message };
    }
    timestamps[first + row] = ms;
  }
  return null;
}

function fillColumns(block: PredictionBlock, { columns, ids }: ColumnarBatch, plan: BatchPlan): Rejection | null {
  for (const column of plan.absent) fillAbsent(block, column, ids.count);
  for (const [index, column] of columns.entries()) {
    const problem = fillColumn(block, plan.places[index]!, column, index, plan.asText[index]!);
    if (problem !== null) return problem;
  }
  return null;
}

function fillAbsent({ tags, rows, length }: PredictionBlock, column: number, count: number): void {
  tags.fill(MISSING, column * rows + length, column * rows + length + count);
}

function fillNames(block: PredictionBlock, { model, version, role }: BatchPlan, count: number): void {
  const { length: first } = block;
  const end = first + count;
  block.models.fill(model, first, end);
  block.versions.fill(version, first, end);
  block.roles.fill(role, first, end);
  block.errors.fill(null, first, end);
  block.truths.fill(null, first, end);
}

import { WIDTHS } from './batch-plan.ts';
import type { BatchColumn } from './batch-types.ts';
import type { PredictionBlock } from './block.ts';
import { MISSING, NUMBER, OTHER_TYPE } from './block.ts';
import type { FeatureValue, Rejection } from './types.ts';

/**
 * Writes a column of a batch behind the block's last row; its lengths have been checked. `asText`: of the label and of
 * segments, whose values are texts whatever they came as, the longest that one may be; otherwise 0. `index`: of the column
 * in the batch, for the rejection's path.
 */
export function fillColumn(
  block: PredictionBlock,
  place: number,
  column: BatchColumn,
  index: number,
  asText: number,
): Rejection | null {
  const at = place * block.rows + block.length;
  const problem = flagProblem(column.missing, `columns[${index}].missing`, column.name);
  if (problem !== null) return problem;
  if (column.kind === 'categorical') return fillTexts(block, at, column, index);
  if (column.kind === 'boolean') return fillBooleans(block, at, column, index, asText > 0);
  if (asText > 0) fillNumbersAsText(block, at, column);
  else fillNumbers(block, at, column);
  return null;
}

function fillNumbers({ numbers, tags }: PredictionBlock, at: number, { values, missing }: BatchColumn): void {
  copyDoubles(numbers, at, values);
  // The mask's 0 and 1 are the tags NUMBER and MISSING.
  if (missing.length > 0) tags.set(missing, at);
  else tags.fill(NUMBER, at, at + values.length / WIDTHS.numeric);
}

const HOST_IS_LITTLE_ENDIAN = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/** Doubles from little-endian bytes, on whatever host. */
export function copyDoubles(
  target: Float64Array,
  at: number,
  bytes: Uint8Array,
  asTheyAre = HOST_IS_LITTLE_ENDIAN,
): void {
  if (asTheyAre) {
    new Uint8Array(target.buffer, target.byteOffset + at * 8, bytes.length).set(bytes);
    return;
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let i = 0; i < bytes.length / 8; i++) target[at + i] = view.getFloat64(i * 8, true);
}

function fillNumbersAsText(block: PredictionBlock, at: number, { values, missing }: BatchColumn): void {
  const view = new DataView(values.buffer, values.byteOffset, values.length);
  block.reserveOthers();
  for (let row = 0; row < values.length / WIDTHS.numeric; row++) {
    put(block, at + row, missing[row] === 1 ? null : String(view.getFloat64(row * WIDTHS.numeric, true)));
  }
}

function fillBooleans(
  block: PredictionBlock,
  at: number,
  { values, missing, name }: BatchColumn,
  index: number,
  asText: boolean,
): Rejection | null {
  const problem = flagProblem(values, `columns[${index}].values`, name, missing);
  if (problem !== null) return problem;
  const [no, yes] = asText ? ['false', 'true'] : [false, true];
  block.reserveOthers();
  for (let row = 0; row < values.length; row++) {
    put(block, at + row, missing[row] === 1 ? null : values[row] === 1 ? yes! : no!);
  }
  return null;
}

function fillTexts(
  block: PredictionBlock,
  at: number,
  { values, missing, dictionary, name }: BatchColumn,
  index: number,
): Rejection | null {
  const view = new DataView(values.buffer, values.byteOffset, values.length);
  block.reserveOthers();
  for (let row = 0; row < values.length / WIDTHS.categorical; row++) {
    const entry = view.getUint32(row * WIDTHS.categorical, true);
    const isMissing = missing[row] === 1;
    if (!isMissing && entry >= dictionary.length) {
      const message = `${name}: ${entry} is no index into a dictionary of ${dictionary.length}`;
      return { code: 'bad_index', path: `columns[${index}].values[${row}]`, message };
    }
    put(block, at + row, isMissing ? null : dictionary[entry]!);
  }
  return null;
}

function put({ tags, others }: PredictionBlock, at: number, value: FeatureValue): void {
  tags[at] = value === null ? MISSING : OTHER_TYPE;
  if (value !== null) others[at] = value;
}

/** The first byte that is neither 0 nor 1, where it counts. */
function flagProblem(flags: Uint8Array, path: string, name: string, missing?: Uint8Array): Rejection | null {
  for (let row = 0; row < flags.length; row++) {
    if (flags[row]! <= 1 || missing?.[row] === 1) continue;
    return { code: 'wrong_type', path: `${path}[${row}]`, message: `${name}: expected 0 or 1, got ${flags[row]}` };
  }
  return null;
}

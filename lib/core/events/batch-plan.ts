import type { BatchColumn, ColumnarBatch } from './batch-types.ts';
import { LIMITS } from './limits.ts';
import { FieldReader } from './reader.ts';
import type { EventShape, ShapeCatalog } from './shape.ts';
import { featureNameProblem, isDimensionName } from './text.ts';
import type { Rejection } from './types.ts';

/** Where the columns of a batch go. */
export interface BatchPlan {
  shape: EventShape;
  model: string;
  version: string;
  role: string;
  /** Of each column of the batch its column of the shape. */
  places: readonly number[];
  /** Of each column of the batch the longest text it may hold where its values are to be texts, whatever they are; or 0. */
  asText: readonly number[];
  /** Columns of the shape that the batch does not fill. */
  absent: readonly number[];
}

/** Bytes of a row by kind. */
export const WIDTHS = { numeric: 8, boolean: 1, categorical: 4 } as const;
const MEASURES = ['prediction.score', 'prediction.value', 'latency_ms'];
const LABEL = 'prediction.label';
const SEGMENT = 'segment.';
/** Characters that a number takes, at most, with what is around it. */
const NUMBER_TEXT = 28;

/** Checks everything about a batch but its items, and lays out its columns. */
export function planBatch(batch: ColumnarBatch, shapes: ShapeCatalog): BatchPlan | Rejection {
  const { columns } = batch;
  const names = new FieldReader({ model: batch.model, version: batch.version, role: batch.role });
  const model = names.requiredDimension('model');
  const version = names.id('version') ?? '';
  const role = names.dimension('role') ?? 'champion';
  const problem = names.problem ?? rowsProblem(batch) ?? columnsProblem(columns, batch.ids.count) ?? textProblem(batch);
  if (problem !== null) return problem;
  const shape = shapes.shapeOf(columns.filter(isFeature).map(nameOf), columns.filter(isSegment).map(segmentOf));
  const position = new Map(shape.columns.map((name, at) => [name, at]));
  const places = columns.map(({ name }) => position.get(name)!);
  const filled = new Set(places);
  const absent = shape.columns.map((_, at) => at).filter((at) => !filled.has(at));
  return { shape, model, version, role, places, asText: columns.map(longestText), absent };
}

function nameOf({ name }: BatchColumn): string {
  return name;
}

function isSegment({ name }: BatchColumn): boolean {
  return name.startsWith(SEGMENT);
}

function segmentOf({ name }: BatchColumn): string {
  return name.slice(SEGMENT.length);
}

function isFeature(column: BatchColumn): boolean {
  return column.name !== LABEL && !MEASURES.includes(column.name) && !isSegment(column);
}

/** As in single events a label is a text of any length, a segment's value a short one; both may come as another type. */
function longestText(column: BatchColumn): number {
  if (isSegment(column)) return LIMITS.nameLength;
  return column.name === LABEL ? LIMITS.textLength : 0;
}

function rowsProblem({ ids: { count }, timestamps }: ColumnarBatch): Rejection | null {
  if (count > LIMITS.batchRows) {
    const message = `more than ${LIMITS.batchRows} rows`;
    return { code: 'too_large', path: 'prediction_ids', message, limit: 'batch_rows' };
  }
  return lengthProblem(timestamps, count * 8, 'timestamps', `${count} ids need ${count * 8} bytes of timestamps`);
}

function lengthProblem(bytes: Uint8Array, expected: number, path: string, message: string): Rejection | null {
  if (bytes.length === expected) return null;
  return { code: 'wrong_length', path, message: `${message}, got ${bytes.length}` };
}

function columnsProblem(columns: readonly BatchColumn[], rows: number): Rejection | null {
  if (columns.length > LIMITS.mapEntries) {
    const message = `more than ${LIMITS.mapEntries} columns`;
    return { code: 'too_large', path: 'columns', message, limit: 'map_entries' };
  }
  const seen = new Map<string, number>();
  for (const [index, column] of columns.entries()) {
    const path = `columns[${index}]`;
    const problem = nameProblem(column, path, seen.get(column.name)) ?? columnProblem(column, path, rows);
    if (problem !== null) return problem;
    seen.set(column.name, index);
  }
  return null;
}

function nameProblem(column: BatchColumn, at: string, earlier: number | undefined): Rejection | null {
  const path = `${at}.name`;
  if (earlier !== undefined) {
    return { code: 'bad_name', path, message: `"${column.name}" is already the name of columns[${earlier}]` };
  }
  if (isSegment(column)) {
    if (isDimensionName(segmentOf(column))) return null;
    return { code: 'bad_name', path, message: "a segment's name matches ^[A-Za-z_][A-Za-z0-9_.:-]{0,127}$" };
  }
  const message = isFeature(column) ? featureNameProblem(column.name, LIMITS.nameLength) : null;
  if (message === null) return null;
  if (column.name.length > LIMITS.nameLength) return { code: 'too_large', path, message, limit: 'name_length' };
  return { code: 'bad_name', path, message };
}

function columnProblem(
  { name, kind, values, missing, dictionary }: BatchColumn,
  at: string,
  rows: number,
): Rejection | null {
  if (MEASURES.includes(name) && kind !== 'numeric') {
    return { code: 'wrong_type', path: `${at}.kind`, message: `${name} is numeric, got ${kind}` };
  }
  const width = WIDTHS[kind];
  const needed = `${rows} rows, ${kind}, need ${rows * width} bytes of values`;
  return (
    lengthProblem(values, rows * width, `${at}.values`, needed) ??
    (missing.length === 0
      ? null
      : lengthProblem(missing, rows, `${at}.missing`, `${rows} rows need none or ${rows} bytes`)) ??
    dictionaryProblem(dictionary, at, name.startsWith(SEGMENT) ? LIMITS.nameLength : LIMITS.textLength)
  );
}

function dictionaryProblem(dictionary: readonly string[], at: string, most: number): Rejection | null {
  const index = dictionary.findIndex((text) => text.length > most);
  if (index < 0) return null;
  const limit = most === LIMITS.nameLength ? 'name_length' : 'text_length';
  return { code: 'too_large', path: `${at}.dictionary[${index}]`, message: `more than ${most} characters`, limit };
}

/** A few bytes of dictionary and many rows would be gigabytes in the raw prediction log. */
function textProblem({ model, version, role, ids, columns }: ColumnarBatch): Rejection | null {
  let text = ids.count * (model.length + version.length + role.length);
  for (const column of columns) {
    text += ids.count * (column.name.length + NUMBER_TEXT);
    if (column.kind === 'categorical') text += categoriesText(column);
  }
  if (text <= LIMITS.batchText) return null;
  const message = `its rows written as single events take about ${text} characters, more than ${LIMITS.batchText}: send fewer at once`;
  return { code: 'too_large', path: '', message, limit: 'batch_text' };
}

function categoriesText({ values, dictionary }: BatchColumn): number {
  // Where even the longest text in every row is little, nobody needs to look at the rows.
  const longest = dictionary.reduce((most, text) => Math.max(most, text.length), 0);
  const rows = values.length / WIDTHS.categorical;
  if (longest <= NUMBER_TEXT) return 0;
  const view = new DataView(values.buffer, values.byteOffset, values.length);
  let text = 0;
  for (let row = 0; row < rows; row++) text += dictionary[view.getUint32(row * WIDTHS.categorical, true)]?.length ?? 0;
  return text;
}

import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import type { BaselineColumn } from '../core/baselines/types.ts';
import type { ModelSpec } from '../core/monitors/types.ts';
import { buildBaselineColumn } from '../core/references/build-baseline.ts';
import { readCell, readTimestamp } from '../core/references/cells.ts';
import { ReferenceColumn } from '../core/references/column.ts';
import { absentColumns, columnUse } from '../core/references/mapping.ts';
import { pseudoWindows } from '../core/references/pseudo-windows.ts';
import type { OpenTable } from '../ports/table-file.ts';
import { DriftlineError, describeError } from '../runtime/errors.ts';

/** Rises when reading the same file would give another baseline. */
const READING = 1;

/** How a reference is read: everything that makes two readings of one file differ. */
export type Reading = Pick<ModelSpec, 'windowMs' | 'timezone' | 'columns' | 'categorical' | 'ignore'>;

export interface ReferenceData {
  rows: number;
  /** ms; null where no timestamp column is named. */
  timestamps: number[] | null;
  columns: { data: ReferenceColumn; categorical: boolean }[];
}

/** Identity of a baseline: SHA-256 over the file's bytes and the reading. */
export async function referenceVersion(file: string, reading: Reading): Promise<string> {
  const { windowMs, timezone, columns } = reading;
  const lists = [[...reading.categorical].sort(), [...reading.ignore].sort()];
  const hash = createHash('sha256').update(
    JSON.stringify([READING, windowMs, timezone, sortedEntries(columns), lists]),
  );
  for await (const bytes of createReadStream(file)) hash.update(bytes as Buffer);
  return hash.digest('hex').slice(0, 32);
}

function sortedEntries(record: object): [string, unknown][] {
  return Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1));
}

/** Reads a reference file whole. Throws `reference_unreadable` with file, column and row for what does not fit the mapping. */
export async function readReference(file: string, reading: Reading, openTable: OpenTable): Promise<ReferenceData> {
  try {
    return await readRows(file, reading, openTable);
  } catch (error) {
    const hint = 'mend the file, or the columns named for it';
    throw new DriftlineError('reference_unreadable', `reference ${describeError(error)}`, hint, { cause: error });
  }
}

async function readRows(file: string, reading: Reading, openTable: OpenTable): Promise<ReferenceData> {
  const table = await openTable(file);
  const absent = absentColumns(table.columns, reading.columns);
  if (absent.length > 0)
    throw new Error(`${file}: no such column: ${absent.join(', ')} (it has ${table.columns.join(', ')})`);
  const uses = table.columns.map((column) => columnUse(column, reading));
  const columns = uses.map((use) =>
    use.kind === 'monitored' ? { data: new ReferenceColumn(use.name), categorical: use.categorical } : null,
  );
  const timeIndex = reading.columns.timestamp === undefined ? -1 : table.columns.indexOf(reading.columns.timestamp);
  const timestamps: number[] = [];
  let rows = 0;
  for await (const cells of table.rows) {
    rows += 1;
    columns.forEach((column, index) => {
      column?.data.add(readCell(cells[index] ?? ''));
    });
    if (timeIndex >= 0) timestamps.push(timestampAt(cells[timeIndex] ?? '', file, rows));
  }
  if (rows === 0) throw new Error(`${file}: no rows below the header`);
  return { rows, timestamps: timeIndex >= 0 ? timestamps : null, columns: columns.filter((column) => column !== null) };
}

function timestampAt(text: string, file: string, row: number): number {
  const time = readTimestamp(text);
  if (time === null) throw new Error(`${file}: row ${row}: "${text}" is not a timestamp`);
  return time;
}

/** The frozen columns of a reference. */
export function baselineColumns(data: ReferenceData, reading: Reading): BaselineColumn[] {
  const spec = { lengthMs: reading.windowMs, timezone: reading.timezone };
  const windows = pseudoWindows(data.rows, data.timestamps, spec);
  return data.columns.map(({ data: column, categorical }) => buildBaselineColumn(column, categorical, windows));
}

import type { ColumnMapping } from '../../lib/core/monitors/types.ts';
import { type Cell, readCell } from '../../lib/core/references/cells.ts';
import type { TableFile } from '../../lib/ports/table-file.ts';

/** How rows of a file become events of a model. */
export interface RowMapping {
  model: string;
  version: string;
  columns: ColumnMapping;
  /** Columns that are no features. */
  ignore: readonly string[];
  segments: readonly string[];
  /** ms between a prediction and its label. */
  labelDelayMs: number;
  /** Event time of a row, ms; null: the row has none, which is an error that names the row. */
  timeOf(row: Readonly<Record<string, string>>): number | null;
}

/** A row as it will be sent. */
export interface EventRow {
  time: number;
  predictionId: string;
  prediction: string;
  /** null where the row carries no outcome. */
  label: string | null;
}

/** Reads a file into events in time order (stable for equal times). Throws naming the row that has no time. */
export async function readEventRows(file: string, table: TableFile, mapping: RowMapping): Promise<EventRow[]> {
  const toEvent = eventMaker(table.columns, mapping);
  const rows: EventRow[] = [];
  for await (const cells of table.rows) {
    const named = Object.fromEntries(table.columns.map((column, index) => [column, cells[index] ?? '']));
    const time = mapping.timeOf(named);
    if (time === null) throw new Error(`${file}: row ${rows.length + 1}: no event time`);
    rows.push(toEvent(cells, time, rows.length));
  }
  return rows.sort((a, b) => a.time - b.time);
}

function eventMaker(header: readonly string[], mapping: RowMapping) {
  const at = (column: string | undefined) => (column === undefined ? -1 : header.indexOf(column));
  const { id, timestamp, score, prediction, value, label } = mapping.columns;
  const mapped = new Set([id, timestamp, score, prediction, value, label, ...mapping.ignore].map(at));
  const features = header.map((name, index) => ({ name, index })).filter(({ index }) => !mapped.has(index));
  const segments = mapping.segments.map((name) => ({ name, index: at(name) })).filter(({ index }) => index >= 0);

  return (cells: readonly string[], time: number, row: number): EventRow => {
    const cell = (column: string | undefined): Cell => (at(column) < 0 ? null : readCell(cells[at(column)] ?? ''));
    const predictionId = id === undefined ? `${mapping.model}-${row}` : (cells[at(id)] ?? `${mapping.model}-${row}`);
    const event = {
      prediction_id: predictionId,
      model: mapping.model,
      version: mapping.version,
      timestamp: time,
      features: Object.fromEntries(features.map(({ name, index }) => [name, readCell(cells[index] ?? '')])),
      prediction: predictionOf(cell(score), cell(prediction), cell(value)),
      ...(segments.length > 0
        ? { segments: Object.fromEntries(segments.map(({ name, index }) => [name, cells[index]])) }
        : {}),
    };
    const truth = cell(label);
    return {
      time,
      predictionId,
      prediction: JSON.stringify(event),
      label: truth === null ? null : labelEvent(mapping, predictionId, truth, time),
    };
  };
}

function predictionOf(score: Cell, label: Cell, value: Cell): object {
  return {
    ...(label === null ? {} : { label: String(label) }),
    ...(typeof score === 'number' ? { score } : {}),
    ...(typeof value === 'number' ? { value } : {}),
  };
}

function labelEvent(mapping: RowMapping, predictionId: string, label: Cell, time: number): string {
  return JSON.stringify({
    prediction_id: predictionId,
    model: mapping.model,
    label,
    timestamp: time + mapping.labelDelayMs,
  });
}

import { join } from 'node:path';
import type { ColumnMapping } from '../../lib/core/monitors/types.ts';
import { readTimestamp } from '../../lib/core/references/cells.ts';
import { mix } from '../../lib/core/references/pseudo-windows.ts';
import type { OpenTable } from '../../lib/ports/table-file.ts';
import { type RowMapping, readEventRows } from '../replay/event-rows.ts';
import type { Stream } from '../replay/merge.ts';

const DAY = 86_400_000;

/** One of the demo's two models: its files, its columns, and when its rows happened. */
export interface DemoModel {
  name: string;
  reference: { name: string; file: string };
  production: string;
  columns: ColumnMapping;
  ignore: readonly string[];
  labelDelayMs: number;
  timeOf: RowMapping['timeOf'];
}

/** Loans on cars: a synthetic stream into whose middle its authors put a shift. */
const CAR_LOAN: DemoModel = {
  name: 'car-loan',
  reference: { name: '2018', file: 'carloan_reference.csv.gz' },
  production: 'carloan_analysis.csv.gz',
  columns: { id: 'id', timestamp: 'timestamp', score: 'y_pred_proba', prediction: 'y_pred', label: 'repaid' },
  ignore: [],
  labelDelayMs: 14 * DAY,
  timeOf: (row) => readTimestamp(row.timestamp ?? ''),
};

/** US census, real and quiet. Its only time is the year, and its file's order within a year means nothing. */
const CENSUS: DemoModel = {
  name: 'census-employment',
  reference: { name: '2015', file: 'employment_MA_reference.csv.gz' },
  production: 'employment_MA_analysis.csv.gz',
  columns: { id: 'id', score: 'predicted_probability', prediction: 'prediction', label: 'employed' },
  ignore: ['year'],
  labelDelayMs: 30 * DAY,
  timeOf: (row) => timeWithinYear(Number(row.year), Number(row.id)),
};

export const DEMO_MODELS: readonly DemoModel[] = [CAR_LOAN, CENSUS];

/** Spreads a year's rows over it by a hash of their id: the file's own order would look like drift. */
function timeWithinYear(year: number, id: number): number | null {
  if (!Number.isInteger(year) || !Number.isInteger(id)) return null;
  const start = Date.UTC(year, 0);
  return start + Math.floor((mix(id + 1) / 2 ** 32) * (Date.UTC(year + 1, 0) - start));
}

/** Reads a model's production file into a stream of events and labels. */
export async function readStream(model: DemoModel, directory: string, openTable: OpenTable): Promise<Stream> {
  const file = join(directory, model.production);
  const mapping: RowMapping = {
    model: model.name,
    version: '1',
    columns: model.columns,
    ignore: model.ignore,
    segments: [],
    labelDelayMs: model.labelDelayMs,
    timeOf: model.timeOf,
  };
  return { rows: await readEventRows(file, await openTable(file), mapping), labelDelayMs: model.labelDelayMs };
}

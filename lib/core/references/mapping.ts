import type { ColumnMapping, ModelSpec } from '../monitors/types.ts';

/** Driftline's own columns, as they are called in every view. */
export const PREDICTION_SCORE = 'prediction.score';
export const PREDICTION_LABEL = 'prediction.label';
export const PREDICTION_VALUE = 'prediction.value';

/** What a file's column is to the model. `ignored` columns (ids, times, truth) are no part of a baseline. */
export type ColumnUse = { kind: 'monitored'; name: string; categorical: boolean } | { kind: 'ignored' };

/** How a model's columns are read. */
export type ColumnReading = Pick<ModelSpec, 'columns' | 'categorical' | 'ignore'>;

/** Use of one file column under a mapping: everything not mapped is a feature. */
export function columnUse(column: string, reading: ColumnReading): ColumnUse {
  const { columns: mapping, categorical, ignore } = reading;
  if (column === mapping.score) return { kind: 'monitored', name: PREDICTION_SCORE, categorical: false };
  if (column === mapping.prediction) return { kind: 'monitored', name: PREDICTION_LABEL, categorical: true };
  if (column === mapping.value) return { kind: 'monitored', name: PREDICTION_VALUE, categorical: false };
  if (column === mapping.id || column === mapping.timestamp || column === mapping.label || ignore.includes(column))
    return { kind: 'ignored' };
  return { kind: 'monitored', name: column, categorical: categorical.includes(column) };
}

/** Mapped columns that a file lacks, as `role: column`. */
export function absentColumns(present: readonly string[], mapping: ColumnMapping): string[] {
  return Object.entries(mapping)
    .filter(([, column]) => column !== undefined && !present.includes(column))
    .map(([role, column]) => `${role}: ${column}`);
}

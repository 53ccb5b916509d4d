import type { BaselineColumn } from '../../../lib/core/baselines/types.ts';
import type { LedgerRow, SealedColumn, SealedWindow } from '../../../lib/core/detection/types.ts';
import type { Monitor } from '../../../lib/core/monitors/types.ts';
import { buildBaselineColumn } from '../../../lib/core/references/build-baseline.ts';
import { ReferenceColumn } from '../../../lib/core/references/column.ts';
import { sketchNumeric } from '../../../lib/core/sketch/numeric.ts';
import type { FeatureSketch } from '../../../lib/core/sketch/types.ts';

export const WINDOW = { start: 0, end: 60_000 };

export function numeric(values: readonly number[], missing = 0): FeatureSketch {
  const counts = { count: values.length + missing, missing, nan: 0, infinite: 0, wrongType: 0 };
  return { ...counts, kind: 'numeric', numeric: sketchNumeric(Float64Array.from(values), values.length) };
}

/** Evenly spread over [from, from + 100). */
export function ramp(count: number, from = 0): number[] {
  return Array.from({ length: count }, (_, i) => from + (i * 100) / count);
}

export function baselineColumn(feature: string, values: readonly (number | string)[]): BaselineColumn {
  const column = new ReferenceColumn(feature);
  for (const value of values) column.add(value);
  return buildBaselineColumn(column, false, []);
}

export function monitor(changes: Partial<Monitor> = {}): Monitor {
  return {
    name: 'drift',
    model: 'm',
    target: '*',
    metrics: ['psi', 'ks'],
    windowMs: 60_000,
    baseline: 'ref',
    threshold: {},
    minSamples: 100,
    persistence: 1,
    severity: 'error',
    segments: [],
    ...changes,
  };
}

export function ledgerRow(changes: Partial<LedgerRow> = {}): LedgerRow {
  return {
    topic: 't',
    incarnation: 'i',
    partition: 0,
    chunkStart: 0,
    version: '1',
    role: 'champion',
    window: WINDOW,
    feature: '',
    segment: '',
    generation: 0,
    specId: 's',
    covered: 10,
    count: 10,
    errors: 0,
    kind: '',
    sketch: null,
    grid: null,
    ...changes,
  };
}

export function sealedColumn(
  feature: string,
  sketch: FeatureSketch | null,
  changes: Partial<SealedColumn> = {},
): SealedColumn {
  const count = sketch?.count ?? 0;
  return { feature, segment: '', count, errors: 0, kind: sketch?.kind ?? '', sketch, grid: null, note: '', ...changes };
}

export function sealedWindow(columns: readonly SealedColumn[], events = 1_000): SealedWindow {
  return {
    model: 'm',
    version: '1',
    role: 'champion',
    window: WINDOW,
    events,
    covered: events,
    coverage: [],
    specIds: ['s'],
    columns: [sealedColumn('', null, { count: events }), ...columns],
  };
}

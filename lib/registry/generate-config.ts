import { Document } from 'yaml';
import { describeColumn, type GeneratedMonitor, generateMonitors, proposeWindow } from '../core/monitors/generate.ts';
import type { ColumnMapping } from '../core/monitors/types.ts';
import type { OpenTable } from '../ports/table-file.ts';
import { DAY_MS, formatDuration } from '../runtime/config/durations.ts';
import { baselineColumns, readReference } from './read-reference.ts';

export interface GenerateOptions {
  model: string;
  reference: string;
  /** Name of the reference; the model's own name for it, such as a training date. */
  referenceName: string;
  columns: ColumnMapping;
  categorical: readonly string[];
  ignore: readonly string[];
  /** ms; absent: proposed from the reference's own traffic. */
  windowMs?: number;
  timezone: string;
}

/** Configuration (YAML with comments) for one model and its monitors, from its reference alone. */
export async function generateConfig(options: GenerateOptions, openTable: OpenTable): Promise<string> {
  const { timezone, columns: mapping, categorical, ignore } = options;
  const reading = { windowMs: DAY_MS, timezone, columns: mapping, categorical, ignore };
  const data = await readReference(options.reference, reading, openTable);
  const windowMs = options.windowMs ?? proposeWindow(data.timestamps);
  const columns = baselineColumns(data, { ...reading, windowMs });
  const document = new Document({
    models: [modelEntry(options, windowMs)],
    monitors: generateMonitors(options.model).map((monitor) => monitorEntry(monitor, options, windowMs)),
  });
  const lines = [
    `Generated from ${options.reference}: ${data.rows} rows, ${columns.length} monitored columns.`,
    'No threshold is written below: each is automatic, the greater of the least effect worth a page and what the',
    "reference's own windows show (mean + 3 standard deviations). For this reference:",
    ...columns.map((column) => `  ${describeColumn(column)}`),
    'An alert needs the effect and significance, in `persistence` consecutive windows with `min_samples` values.',
  ];
  document.commentBefore = lines.map((line) => ` ${line}`).join('\n');
  return document.toString({ lineWidth: 0 });
}

function modelEntry(options: GenerateOptions, windowMs: number): object {
  return {
    name: options.model,
    window: formatDuration(windowMs),
    timezone: options.timezone,
    reference: { name: options.referenceName, file: options.reference },
    columns: options.columns,
    ...(options.categorical.length > 0 ? { categorical: options.categorical } : {}),
    ...(options.ignore.length > 0 ? { ignore: options.ignore } : {}),
  };
}

function monitorEntry(monitor: GeneratedMonitor, options: GenerateOptions, windowMs: number): object {
  return {
    name: monitor.name,
    model: options.model,
    target: '*',
    metrics: monitor.metrics,
    window: formatDuration(windowMs),
    baseline: options.referenceName,
    min_samples: monitor.minSamples,
    persistence: monitor.persistence,
    severity: monitor.severity,
  };
}

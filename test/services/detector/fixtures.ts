import type { Prediction } from '../../../lib/core/events/types.ts';
import type { ModelSpec, Monitor } from '../../../lib/core/monitors/types.ts';
import { buildBaselineColumn } from '../../../lib/core/references/build-baseline.ts';
import { ReferenceColumn } from '../../../lib/core/references/column.ts';
import type { Config } from '../../../lib/runtime/config/types.ts';
import { configWith } from '../../support/config.ts';

export const MINUTE = 60_000;
/** 2018-11-05T00:00:00Z */
export const T0 = 1_541_376_000_000;
export const MODEL = 'm';
/** End of a window by number, ms. */
export const end = (window: number) => T0 + (window + 1) * MINUTE;

export interface WorldOptions {
  partitions?: number;
  monitors?: readonly Monitor[];
  models?: readonly string[];
  features?: number;
}

export function monitorOf(changes: Partial<Monitor> = {}): Monitor {
  return {
    name: 'drift',
    model: MODEL,
    target: '*',
    metrics: ['psi', 'missing_rate'],
    windowMs: MINUTE,
    baseline: 'ref',
    threshold: { psi: 0.1 },
    minSamples: 50,
    persistence: 2,
    severity: 'error',
    segments: [],
    ...changes,
  };
}

export function configOf({ partitions = 1, monitors = [monitorOf()], models = [MODEL] }: WorldOptions): Config {
  const declared = models.map(
    (name): ModelSpec => ({
      name,
      windowMs: MINUTE,
      timezone: 'UTC',
      segments: ['region'],
      reference: { name: 'ref', file: '' },
      columns: {},
      categorical: [],
      ignore: [],
    }),
  );
  return configWith({
    partitions,
    aggregation: {
      flushIntervalMs: 50,
      allowedDelayMs: 1_000,
      idleAfterMs: 60_000,
      predictionLog: false,
    },
    models: declared,
    monitors,
  });
}

/** Predictions of one window, evenly spread over it; `shift` moves x0, deterministically. */
export function events(window: number, count: number, options: EventOptions = {}): Prediction[] {
  const { shift = 0, features = 2, model = MODEL, version = '1', regions = ['MA', 'NY'] } = options;
  return Array.from({ length: count }, (_, i) => {
    const values = new Map<string, number | null>();
    for (let f = 0; f < features; f++) values.set(`x${f}`, quasi(i, f) + (f === 0 ? shift : 0));
    if (options.missing !== undefined && i % 100 < options.missing * 100) values.set('x1', null);
    return {
      predictionId: `${window}-${i}`,
      model,
      version,
      role: 'champion',
      timestamp: T0 + window * MINUTE + Math.floor((i * MINUTE) / count),
      features: values,
      label: null,
      score: null,
      value: null,
      probabilities: null,
      segments: new Map([['region', regions[i % regions.length]!]]),
      protectedAttributes: new Map(),
      latencyMs: null,
      error: i % 50 === 0 ? 'timeout' : null,
      requestId: null,
      truth: null,
      attributions: null,
    };
  });
}

export interface EventOptions {
  shift?: number;
  features?: number;
  model?: string;
  version?: string;
  regions?: readonly string[];
  /** Share of x1 that is null. */
  missing?: number;
}

/** A low-discrepancy value in [0, 100): the same distribution in every window, so that nothing drifts by chance. */
export function quasi(i: number, feature: number): number {
  return ((i * 0.618_033_988_75 + feature * 0.37) % 1) * 100;
}

export function baselineOf(model: string, features: number) {
  const columns = Array.from({ length: features }, (_, f) => {
    const column = new ReferenceColumn(`x${f}`);
    for (let i = 0; i < 2_000; i++) column.add(quasi(i, f));
    return buildBaselineColumn(column, false, []);
  });
  return { model, name: 'ref', version: 'v1', columns: new Map(columns.map((column) => [column.feature, column])) };
}

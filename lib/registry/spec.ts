import type { AggregationSpec, ModelAggregation } from '../core/chunks/spec.ts';
import type { ModelSpec } from '../core/monitors/types.ts';
import type { Store } from '../ports/store.ts';
import type { Config } from '../runtime/config/types.ts';
import { loadBaseline } from '../tables/baselines.ts';

/** Rises when the aggregator's code would write other bytes for the same events. */
export const LAYOUT = 3;
/** Windows of models that nobody declared. */
const DEFAULT_WINDOW = { lengthMs: 86_400_000, timezone: 'UTC' };

/** The spec that the next chunk to open is bound to: the configuration and the current baselines' kinds and grids. */
export async function loadAggregationSpec(config: Config, store: Store): Promise<AggregationSpec> {
  const { allowedDelayMs, horizonMs, futureSkewMs, chunkSize, chunkAgeMs } = config.aggregation;
  const declared = [...config.models].sort((a, b) => (a.name < b.name ? -1 : 1));
  const models: ModelAggregation[] = [];
  for (const model of declared) models.push(await modelAggregation(model, store));
  return {
    layout: LAYOUT,
    chunkSize,
    chunkAgeMs,
    allowedDelayMs,
    horizonMs,
    futureSkewMs,
    models,
    defaults: { window: DEFAULT_WINDOW },
  };
}

async function modelAggregation(model: ModelSpec, store: Store): Promise<ModelAggregation> {
  const baseline = model.reference === null ? null : await loadBaseline(store, model.name, model.reference.name);
  const columns = [...(baseline?.columns.values() ?? [])].map(({ feature, sketch, grid }) => ({
    name: feature,
    kind: sketch.kind,
    grid,
  }));
  columns.sort((a, b) => (a.name < b.name ? -1 : 1));
  return {
    model: model.name,
    window: { lengthMs: model.windowMs, timezone: model.timezone },
    segments: [...model.segments].sort(),
    columns,
  };
}

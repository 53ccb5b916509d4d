import type { AggregationSpec } from '../../../lib/core/chunks/spec.ts';
import type { FeatureValue, Prediction } from '../../../lib/core/events/types.ts';
import type { Arrived } from './events.ts';

/** The oracle: everything an event brings, written down plainly and counted afterwards. */
export function valuesOf(event: Prediction): Map<string, FeatureValue> {
  const values = new Map(event.features);
  if (event.score !== null) values.set('prediction.score', event.score);
  if (event.label !== null) values.set('prediction.label', event.label);
  if (event.latencyMs !== null) values.set('latency_ms', event.latencyMs);
  for (const [name, value] of event.segments) values.set(`segment.${name}`, value);
  return values;
}

export function lossOf({ event, position }: Arrived, spec: AggregationSpec): string | null {
  if (event.timestamp > position.arrival + spec.futureSkewMs) return 'future';
  const windowEnd = (Math.floor(event.timestamp / 3_600_000) + 1) * 3_600_000;
  return position.arrival - windowEnd > spec.horizonMs ? 'beyond_horizon' : null;
}

export function windowId(event: Prediction): string {
  const start = Math.floor(event.timestamp / 3_600_000) * 3_600_000;
  return [event.model, event.version, event.role, start].join('/');
}

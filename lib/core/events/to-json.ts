import type { Prediction } from './types.ts';

/** The event in the shape producers send (see docs/topics.md), for events that did not come as JSON. */
export function predictionToJson(event: Prediction): Record<string, unknown> {
  return {
    prediction_id: event.predictionId,
    model: event.model,
    version: event.version,
    timestamp: event.timestamp,
    features: fromMap(event.features),
    prediction: {
      label: event.label,
      score: event.score,
      value: event.value,
      probabilities: event.probabilities === null ? null : fromMap(event.probabilities),
    },
    role: event.role,
    request_id: event.requestId,
    segments: fromMap(event.segments),
    protected: fromMap(event.protectedAttributes),
    latency_ms: event.latencyMs,
    error: event.error,
    label: event.truth,
    attributions: event.attributions === null ? null : fromMap(event.attributions),
  };
}

/**
 * The event as a line of JSON, which has no word for NaN and ±∞ (Avro has): they are the texts "NaN", "Infinity" and
 * "-Infinity", so that they are not taken for missing.
 */
export function predictionToText(event: Prediction): string {
  return JSON.stringify(predictionToJson(event), (_name, value: unknown) =>
    typeof value === 'number' && !Number.isFinite(value) ? String(value) : value,
  );
}

/** `Object.fromEntries` defines own properties, so that a key `__proto__` is a key like another. */
function fromMap(map: ReadonlyMap<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(map);
}

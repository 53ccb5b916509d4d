import { LIMITS } from './limits.ts';
import { FieldReader, isObject, isScalar, kindOf } from './reader.ts';
import { featureNameProblem, wellFormed } from './text.ts';
import type { Decoded, FeatureValue, Prediction } from './types.ts';

/**
 * Validates a decoded prediction event (JSON, or Avro with Maps for free keys) and normalises it. Unknown keys are left
 * alone: newer producers may send more. Never throws; the first thing wrong is the rejection.
 */
export function parsePrediction(json: unknown): Decoded<Prediction> {
  if (!isObject(json)) {
    return rejected({ code: 'wrong_type', path: '', message: `expected an object, got ${kindOf(json)}` });
  }
  const event = new FieldReader(json);
  const output = outputReader(event);
  if (event.get('features') === null && event.get('prediction') === null) {
    event.reject('missing_field', 'features', 'features or prediction is required');
  }
  const value: Prediction = {
    predictionId: event.requiredId('prediction_id'),
    model: event.requiredDimension('model'),
    version: event.id('version') ?? '',
    role: event.dimension('role') ?? 'champion',
    timestamp: event.timestamp('timestamp'),
    features: readFeatures(event),
    label: readClass(output),
    score: output.number('score'),
    value: output.number('value'),
    probabilities: output.numbers('probabilities'),
    segments: event.dimensions('segments'),
    protectedAttributes: event.dimensions('protected'),
    latencyMs: event.number('latency_ms'),
    error: event.text('error'),
    requestId: event.id('request_id'),
    truth: event.scalar('label'),
    attributions: event.numbers('attributions'),
  };
  const problem = event.problem ?? output.problem;
  return problem === null ? { ok: true, value } : rejected(problem);
}

function rejected<T>(rejection: Extract<Decoded<T>, { ok: false }>['rejection']): Decoded<T> {
  return { ok: false, rejection };
}

function outputReader(event: FieldReader): FieldReader {
  const output = event.get('prediction');
  if (output !== null && !isObject(output)) {
    event.reject('wrong_type', 'prediction', `expected an object, got ${kindOf(output)}`);
  }
  return new FieldReader(isObject(output) ? output : {}, 'prediction.');
}

/** The predicted class: a text; numbers and booleans, which many models emit, are taken as text. */
function readClass(output: FieldReader): string | null {
  const label = output.scalar('label');
  return label === null ? null : String(label);
}

function readFeatures(event: FieldReader): Map<string, FeatureValue> {
  const features = new Map<string, FeatureValue>();
  for (const [key, value] of event.entries('features') ?? []) {
    const name = wellFormed(key);
    const problem = featureNameProblem(name, LIMITS.nameLength);
    if (problem !== null && name.length > LIMITS.nameLength) event.rejectTooLarge('name_length', pathOf(key), problem);
    else if (problem !== null) event.reject('bad_name', pathOf(key), problem);
    features.set(name, typeof value === 'number' ? value : readValue(event, key, value));
  }
  return features;
}

/** Made only where something is wrong. */
function pathOf(feature: string): string {
  return `features.${feature.slice(0, LIMITS.nameLength)}`;
}

function readValue(event: FieldReader, feature: string, value: unknown): FeatureValue {
  if (value === null || value === undefined) return null;
  if (typeof value === 'string') {
    if (value.length <= LIMITS.textLength) return wellFormed(value);
    event.rejectTooLarge('text_length', pathOf(feature), `more than ${LIMITS.textLength} characters`);
    return null;
  }
  if (isScalar(value)) return value;
  if (Array.isArray(value)) return readVector(event, pathOf(feature), value);
  event.reject(
    'wrong_type',
    pathOf(feature),
    'expected a number, text, boolean, null or array of numbers, got an object',
  );
  return null;
}

function readVector(event: FieldReader, path: string, items: readonly unknown[]): readonly number[] {
  if (items.length > LIMITS.vectorLength) {
    event.rejectTooLarge('vector_length', path, `more than ${LIMITS.vectorLength} numbers`);
  }
  const bad = items.findIndex((item) => typeof item !== 'number');
  if (bad >= 0) event.reject('wrong_type', `${path}[${bad}]`, `expected a number, got ${kindOf(items[bad])}`);
  return items as readonly number[];
}

import { FieldReader, isObject, kindOf } from './reader.ts';
import type { Decoded, Label } from './types.ts';

/** Validates a decoded label event and normalises it. Never throws. */
export function parseLabel(json: unknown): Decoded<Label> {
  if (!isObject(json)) {
    return {
      ok: false,
      rejection: { code: 'wrong_type', path: '', message: `expected an object, got ${kindOf(json)}` },
    };
  }
  const event = new FieldReader(json);
  const predictionId = event.requiredId('prediction_id');
  const model = event.requiredDimension('model');
  const label = event.scalar('label');
  if (label === null) event.reject('missing_field', 'label', 'label is required');
  const timestamp = event.timestamp('timestamp');
  if (event.problem !== null) return { ok: false, rejection: event.problem };
  return { ok: true, value: { predictionId, model, label: label ?? '', timestamp } };
}

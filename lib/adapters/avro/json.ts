import { isUtf8 } from 'node:buffer';
import type { Decoded } from '../../core/events/types.ts';

/** JSON bytes to a value. The caller has checked the size. Of a repeated key the last value counts. */
export function parseJson(value: Buffer): Decoded<unknown> {
  if (!isUtf8(value)) return malformed('the bytes are no UTF-8');
  try {
    return { ok: true, value: JSON.parse(value.toString('utf8')) as unknown };
  } catch (error) {
    return malformed(error instanceof Error ? error.message : 'no JSON');
  }
}

function malformed(message: string): Decoded<unknown> {
  return { ok: false, rejection: { code: 'malformed_json', path: '', message } };
}

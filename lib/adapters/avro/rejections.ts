import type { Decoded, Rejection, RejectionCode } from '../../core/events/index.ts';
import { LIMITS } from '../../core/events/index.ts';
import { ItemsError } from './guard.ts';
import { UnknownSchemaError } from './writer.ts';

type Refusal = Extract<Decoded<unknown>, { ok: false }>;

export function refuse(code: RejectionCode, message: string): Refusal {
  return { ok: false, rejection: { code, path: '', message } };
}

/** Of a value with more bytes than are read, or null. */
export function sizeProblem(value: Uint8Array): Rejection | null {
  if (value.length <= LIMITS.eventBytes) return null;
  const message = `the event has ${value.length} bytes; at most ${LIMITS.eventBytes} are read`;
  return { code: 'too_large', path: '', message, limit: 'event_bytes' };
}

/** What decoding Avro gives or, where it throws, why not. */
export function attempt<T>(decode: () => T): { ok: true; value: T } | Refusal {
  try {
    return { ok: true, value: decode() };
  } catch (error) {
    if (error instanceof ItemsError) return tooManyItems(error);
    const code = error instanceof UnknownSchemaError ? 'unknown_schema' : 'malformed_avro';
    return refuse(code, error instanceof Error ? error.message : String(error));
  }
}

/** More items than an event may have, or (a lie then) than its bytes have room for. */
function tooManyItems({ limit, message }: ItemsError): Refusal {
  const code = limit === 'avro_items' ? 'malformed_avro' : 'too_large';
  return { ok: false, rejection: { code, path: '', message, limit } };
}

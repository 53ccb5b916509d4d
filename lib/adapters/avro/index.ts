import type { AlertEvent } from '../../core/alerts/types.ts';
import {
  type Decoded,
  type Label,
  LIMITS,
  type Prediction,
  parseLabel,
  parsePrediction,
} from '../../core/events/index.ts';
import type { AnnouncementMessage } from '../../core/messages/types.ts';
import type { Codec, DeadLetter } from '../../ports/codec.ts';
import { alertEvent, alertMessage } from './alerts.ts';
import { announcement } from './announcements.ts';
import { parseJson } from './json.ts';

export interface CodecOptions {
  /** How messages of Driftline's own are written. Both encodings are read, whatever is written. */
  encoding: 'json' | 'avro';
}

/** The codec of all topics. */
export function createCodec(options: CodecOptions): Codec {
  void options;
  return {
    decodePrediction: (value) => decodeEvent(value, parsePrediction),
    decodeLabel: (value) => decodeEvent(value, parseLabel),
    encodeAnnouncement: (message) => json(message),
    decodeAnnouncement: (value) => announcement(messageOf(value)),
    encodeAlert: (event) => json(alertMessage(event)),
    decodeAlert: (value) => alertEvent(messageOf(value)),
    encodeDeadLetter: (letter) => json(letterJson(letter)),
  };
}

function decodeEvent<T>(value: Buffer, parse: (json: unknown) => Decoded<T>): Decoded<T> {
  if (value.length > LIMITS.eventBytes) {
    const message = `the event has ${value.length} bytes; at most ${LIMITS.eventBytes} are read`;
    return { ok: false, rejection: { code: 'too_large', path: '', message } };
  }
  const decoded = parseJson(value);
  return decoded.ok ? parse(decoded.value) : decoded;
}

function json(message: unknown): Buffer {
  return Buffer.from(JSON.stringify(message), 'utf8');
}

function messageOf(value: Buffer): unknown {
  const decoded = parseJson(value);
  if (!decoded.ok) throw new TypeError(decoded.rejection.message);
  return decoded.value;
}

/** Bytes as base64: JSON has no better place for what may not even be text. */
function letterJson({ key, value, ...rest }: DeadLetter): unknown {
  return { ...rest, key_base64: key?.toString('base64') ?? null, value_base64: value?.toString('base64') ?? null };
}

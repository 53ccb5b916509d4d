import { type Decoded, LIMITS, parseLabel, parsePrediction, type RejectionCode } from '../../core/events/index.ts';
import type { Codec, DeadLetter } from '../../ports/codec.ts';
import { alertEvent, alertMessage } from './alerts.ts';
import { announcement, announcementRecord } from './announcements.ts';
import { ItemsError } from './guard.ts';
import { parseJson } from './json.ts';
import { createPredictionReader } from './prediction-reader.ts';
import { type MessageName, SchemaSet, UnknownSchemaError } from './schema-set.ts';

export interface CodecOptions {
  /** How messages of Driftline's own are written. Both encodings are read, whatever is written. */
  encoding: 'json' | 'avro';
  /** Where the schemas are; the package's own by default. */
  schemas?: string;
}

/** The codec of all topics. Throws when a schema cannot be used. */
export function createCodec({ encoding, schemas }: CodecOptions): Codec {
  const set = new SchemaSet(schemas);
  const avro = encoding === 'avro';
  const read = (name: MessageName, value: Buffer) => messageOf(decode(set, name, value));
  const decodePrediction = (value: Buffer) => decodeEvent(set, 'Prediction', value, parsePrediction);
  return {
    decodePrediction,
    predictionReader: ({ texts }) => createPredictionReader(decodePrediction, texts),
    decodeLabel: (value) => decodeEvent(set, 'Label', value, parseLabel),
    encodeAnnouncement: (message) => (avro ? set.encode('Announcement', announcementRecord(message)) : json(message)),
    decodeAnnouncement: (value) => announcement(read('Announcement', value)),
    encodeAlert: (event) => (avro ? set.encode('Alert', alertMessage(event)) : json(alertMessage(event))),
    decodeAlert: (value) => alertEvent(read('Alert', value)),
    encodeDeadLetter: (letter) => (avro ? set.encode('DeadLetter', letter) : json(letterJson(letter))),
  };
}

function decodeEvent<T>(
  set: SchemaSet,
  name: MessageName,
  value: Buffer,
  parse: (plain: unknown) => Decoded<T>,
): Decoded<T> {
  if (value.length > LIMITS.eventBytes) {
    const message = `the event has ${value.length} bytes; at most ${LIMITS.eventBytes} are read`;
    return { ok: false, rejection: { code: 'too_large', path: '', message, limit: 'event_bytes' } };
  }
  const decoded = decode(set, name, value);
  return decoded.ok ? parse(decoded.value) : decoded;
}

/** The first bytes decide. */
function decode(set: SchemaSet, name: MessageName, value: Buffer): Decoded<unknown> {
  if (value.length === 0) return refuse('empty', 'the record has no bytes');
  if (value[0] === 0x00) {
    return refuse('unknown_schema', 'Confluent wire format needs schema_registry, which is not configured');
  }
  if (value[0] !== 0xc3) return parseJson(value);
  if (value[1] !== 0x01) return refuse('malformed_avro', 'after 0xC3 a single-object value goes on with 0x01');
  return decodeAvro(set, name, value);
}

function decodeAvro(set: SchemaSet, name: MessageName, value: Buffer): Decoded<unknown> {
  try {
    return { ok: true, value: set.decode(name, value) };
  } catch (error) {
    if (error instanceof ItemsError) return tooManyItems(error);
    const code = error instanceof UnknownSchemaError ? 'unknown_schema' : 'malformed_avro';
    return refuse(code, error instanceof Error ? error.message : String(error));
  }
}

/** More items than an event may have, or (a lie then) than its bytes have room for. */
function tooManyItems({ limit, message }: ItemsError): Decoded<unknown> {
  const code = limit === 'map_entries' ? 'too_large' : 'malformed_avro';
  return { ok: false, rejection: { code, path: '', message, limit } };
}

function refuse(code: RejectionCode, message: string): Extract<Decoded<unknown>, { ok: false }> {
  return { ok: false, rejection: { code, path: '', message } };
}

function json(message: unknown): Buffer {
  return Buffer.from(JSON.stringify(message), 'utf8');
}

function messageOf(decoded: Decoded<unknown>): unknown {
  if (!decoded.ok) throw new TypeError(`${decoded.rejection.code}: ${decoded.rejection.message}`);
  return decoded.value;
}

/** Bytes as base64: JSON has no better place for what may not even be text. */
function letterJson({ key, value, ...rest }: DeadLetter): unknown {
  return { ...rest, key_base64: key?.toString('base64') ?? null, value_base64: value?.toString('base64') ?? null };
}

import { type Decoded, parseLabel, parsePrediction } from '../../core/events/index.ts';
import type { RecordMapping } from '../../core/events/record-mapping.ts';
import type { Codec, DeadLetter } from '../../ports/codec.ts';
import type { SchemaRegistry } from '../../ports/schema-registry.ts';
import { alertEvent, alertMessage } from './alerts.ts';
import { announcement, announcementRecord } from './announcements.ts';
import { parseJson } from './json.ts';
import { EventReader } from './prediction-reader.ts';
import { refuse, sizeProblem } from './rejections.ts';
import { type MessageName, SchemaSet } from './schema-set.ts';
import { isAvro, Sources } from './sources.ts';

export interface CodecOptions {
  /** How messages of Driftline's own are written. Both encodings are read, whatever is written. */
  encoding: 'json' | 'avro';
  /** Where the schemas are; the package's own by default. */
  schemas?: string;
  /** Where schemas of Confluent wire format are; null: nowhere. */
  registry?: SchemaRegistry | null;
  /** Producers' own records that are predictions. */
  records?: readonly RecordMapping[];
}

/** The codec of all topics. Throws when a schema cannot be used. */
export function createCodec({ encoding, schemas, registry = null, records = [] }: CodecOptions): Codec {
  const set = new SchemaSet(schemas);
  const sources = new Sources(set, registry, records);
  const avro = encoding === 'avro';
  const read = (name: MessageName, value: Buffer) => messageOf(decode(sources, name, value));
  const decodePrediction = (value: Buffer) => decodeEvent(sources, 'Prediction', value, parsePrediction);
  return {
    missingSchema: (value) => sources.missing(value),
    askForSchema: (id) => sources.ask(id),
    decodePrediction,
    predictionReader: ({ texts }) => new EventReader(sources, decodePrediction, texts),
    decodeLabel: (value) => decodeEvent(sources, 'Label', value, parseLabel),
    encodeAnnouncement: (message) => (avro ? set.encode('Announcement', announcementRecord(message)) : json(message)),
    decodeAnnouncement: (value) => announcement(read('Announcement', value)),
    encodeAlert: (event) => (avro ? set.encode('Alert', alertMessage(event)) : json(alertMessage(event))),
    decodeAlert: (value) => alertEvent(read('Alert', value)),
    encodeDeadLetter: (letter) => (avro ? set.encode('DeadLetter', letter) : json(letterJson(letter))),
  };
}

function decodeEvent<T>(
  sources: Sources,
  name: MessageName,
  value: Buffer,
  parse: (plain: unknown) => Decoded<T>,
): Decoded<T> {
  const rejection = sizeProblem(value);
  if (rejection !== null) return { ok: false, rejection };
  const decoded = decode(sources, name, value);
  return decoded.ok ? parse(decoded.value) : decoded;
}

/** The first bytes decide. */
function decode(sources: Sources, name: MessageName, value: Buffer): Decoded<unknown> {
  if (value.length === 0) return refuse('empty', 'the record has no bytes');
  return isAvro(value) ? sources.decode(name, value) : parseJson(value);
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

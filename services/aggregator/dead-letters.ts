import type { Decoded, Rejection } from '../../lib/core/events/types.ts';
import { TOPICS } from '../../lib/core/messages/types.ts';
import type { DeadLetter } from '../../lib/ports/codec.ts';
import type { LogRecord } from '../../lib/ports/log.ts';
import type { RecordPlace } from '../../lib/tables/raw.ts';
import type { Environment } from './environment.ts';

/** Bytes of a key or value that a dead letter carries: with its envelope it must fit into one record. */
const KEPT_BYTES = 256 * 1024;
const LETTERS_PER_APPEND = 8;

export function deadLetter(place: RecordPlace, record: LogRecord, rejection: Rejection): DeadLetter {
  const cut = [record.key, record.value].some((bytes) => bytes !== null && bytes.length > KEPT_BYTES);
  return {
    code: rejection.code,
    path: rejection.path,
    message: cut ? `${rejection.message} (only the first ${KEPT_BYTES} bytes are kept here)` : rejection.message,
    topic: place.topic,
    incarnation: place.incarnation,
    partition: place.partition,
    offset: place.offset,
    timestamp: record.timestamp,
    key: kept(record.key),
    value: kept(record.value),
  };
}

/** The record's value as `decode` reads it; what the log could not hand over whole, or without a value, is refused. */
export function decodeRecord<T>(
  environment: Environment,
  { topic, partition }: Pick<RecordPlace, 'topic' | 'partition'>,
  record: LogRecord,
  decode: (value: Buffer) => Decoded<T>,
): Decoded<T> {
  const decoded = decodeValue(record, decode);
  const limit = decoded.ok ? undefined : (record.tooLarge?.limit ?? decoded.rejection.limit);
  if (limit !== undefined) environment.metrics.limits.inc({ topic, partition, limit });
  return decoded;
}

function decodeValue<T>({ value, tooLarge }: LogRecord, decode: (value: Buffer) => Decoded<T>): Decoded<T> {
  if (tooLarge !== undefined) {
    return { ok: false, rejection: { code: 'too_large', path: '', message: tooLarge.message } };
  }
  if (value !== null) return decode(value);
  return { ok: false, rejection: { code: 'empty', path: '', message: 'the record has no value' } };
}

/** Publishes the letters; at least once, always under the same key. Resolves when they are durable. */
export async function publishDeadLetters(environment: Environment, letters: readonly DeadLetter[]): Promise<void> {
  const { log, codec } = environment.context;
  for (let i = 0; i < letters.length; i += LETTERS_PER_APPEND) {
    const records = letters.slice(i, i + LETTERS_PER_APPEND).map((letter) => ({
      key: JSON.stringify([letter.topic, letter.incarnation, letter.partition, letter.offset]),
      value: codec.encodeDeadLetter(letter),
    }));
    await environment.persist(TOPICS.deadLetters, () => log.append(TOPICS.deadLetters, records));
  }
  for (const { topic, partition, code } of letters) environment.metrics.deadLetters.inc({ topic, partition, code });
}

/** A copy, so that a letter does not hold on to the whole fetched response. */
function kept(bytes: Buffer | null): Buffer | null {
  return bytes === null ? null : Buffer.from(bytes.subarray(0, KEPT_BYTES));
}

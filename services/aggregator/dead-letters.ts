import type { Decoded } from '../../lib/core/events/types.ts';
import { TOPICS } from '../../lib/core/messages/types.ts';
import type { DeadLetter } from '../../lib/ports/codec.ts';
import type { LogRecord } from '../../lib/ports/log.ts';
import { appendDeadLetters, LETTERS_PER_APPEND } from '../../lib/runtime/dead-letters.ts';
import type { RecordPlace } from '../../lib/tables/raw.ts';
import type { Environment } from './environment.ts';

const CUT = `${TOPICS.deadLetters} takes no record as large as some dead letters: they are cut, and say so; raise its max.message.bytes to keep more of what could not be read; said once`;

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
  const { context, metrics } = environment;
  let cut = 0;
  for (let i = 0; i < letters.length; i += LETTERS_PER_APPEND) {
    const some = letters.slice(i, i + LETTERS_PER_APPEND);
    const append = () => appendDeadLetters(context.log, context.codec, some);
    cut += await environment.persist(TOPICS.deadLetters, append);
  }
  if (cut > 0 && environment.isNews('cut dead letters')) context.logger.warn({ cut }, CUT);
  for (const { topic, partition, code } of letters) metrics.deadLetters.inc({ topic, partition, code });
}

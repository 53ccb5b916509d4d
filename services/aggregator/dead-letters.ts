import type { Decoded, Rejection } from '../../lib/core/events/types.ts';
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
  place: Pick<RecordPlace, 'topic' | 'partition'>,
  record: LogRecord,
  decode: (value: Buffer) => Decoded<T>,
): Decoded<T> {
  const rejection = refuseRecord(environment, place, record);
  if (rejection !== null) return { ok: false, rejection };
  const decoded = decode(record.value!);
  if (!decoded.ok) reportLimit(environment, place, decoded.rejection.limit);
  return decoded;
}

/** Why the record has no value to decode, or null. */
export function refuseRecord(
  environment: Environment,
  place: Pick<RecordPlace, 'topic' | 'partition'>,
  { value, tooLarge }: LogRecord,
): Rejection | null {
  if (tooLarge !== undefined) {
    reportLimit(environment, place, tooLarge.limit);
    return { code: 'too_large', path: '', message: tooLarge.message };
  }
  return value === null ? { code: 'empty', path: '', message: 'the record has no value' } : null;
}

/** Counts that a record went past a limit, where one is given. */
export function reportLimit(
  { metrics }: Environment,
  { topic, partition }: Pick<RecordPlace, 'topic' | 'partition'>,
  limit: string | undefined,
): void {
  if (limit !== undefined) metrics.limits.inc({ topic, partition, limit });
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

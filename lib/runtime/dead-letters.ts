import { TOPICS } from '../core/messages/types.ts';
import type { Codec, DeadLetter } from '../ports/codec.ts';
import type { Log, LogRecord } from '../ports/log.ts';
import { appendFitting } from './append-fitting.ts';

/** Bytes of a key or value that a dead letter carries: with its envelope it must fit into one record by Kafka's defaults. */
const KEPT_BYTES = 256 * 1024;
/** What a topic that takes less gets, one after the other. */
const FEWER_BYTES = [32 * 1024, 4 * 1024, 0];
/** Characters of path and message that are left where no bytes are. */
const KEPT_TEXT = 200;
/** So many at once: what an append that fails has to repeat. */
export const LETTERS_PER_APPEND = 8;

type Origin = Pick<DeadLetter, 'topic' | 'incarnation' | 'partition' | 'offset'>;

/** A letter that says why the record at `origin` could not be read; of long keys and values the beginning. */
export function deadLetter(
  { topic, incarnation, partition, offset }: Origin,
  record: LogRecord,
  { code, path, message }: Pick<DeadLetter, 'code' | 'path' | 'message'>,
): DeadLetter {
  const isCut = [record.key, record.value].some((bytes) => bytes !== null && bytes.length > KEPT_BYTES);
  return {
    code,
    path,
    message: isCut ? `${message} (only the first ${KEPT_BYTES} bytes are kept here)` : message,
    topic,
    incarnation,
    partition,
    offset,
    timestamp: record.timestamp,
    key: kept(record.key),
    value: kept(record.value),
  };
}

/** A letter as it is to be sent: with all its bytes, or with the first `bytes` of them. */
interface Draft {
  letter: DeadLetter;
  bytes: number;
}

/**
 * Appends the letters, under keys that tell their origins. Where the topic takes no record of that size a letter goes with
 * fewer bytes, in the end none, and says so. Durable when it resolves; rejects as `Log.append` does, and may then be
 * repeated. Returns how many were cut.
 */
export async function appendDeadLetters(log: Log, codec: Codec, letters: readonly DeadLetter[]): Promise<number> {
  let cut = 0;
  for (let i = 0; i < letters.length; i += LETTERS_PER_APPEND) {
    const drafts = letters.slice(i, i + LETTERS_PER_APPEND).map((letter) => ({ letter, bytes: KEPT_BYTES }));
    const shortened = await appendFitting<Draft>(log, TOPICS.deadLetters, drafts, {
      record: (draft) => ({ key: keyOf(draft.letter), value: codec.encodeDeadLetter(asSent(draft)) }),
      shorter,
    });
    cut += shortened.length;
  }
  return cut;
}

function keyOf({ topic, incarnation, partition, offset }: DeadLetter): string {
  return JSON.stringify([topic, incarnation, partition, offset]);
}

function asSent({ letter, bytes }: Draft): DeadLetter {
  if (bytes >= KEPT_BYTES) return letter;
  const [path, message] =
    bytes > 0 ? [letter.path, letter.message] : [letter.path.slice(0, KEPT_TEXT), letter.message.slice(0, KEPT_TEXT)];
  return {
    ...letter,
    path,
    message: `${message} (cut to ${bytes} bytes here: ${TOPICS.deadLetters} takes no record as large)`,
    key: letter.key?.subarray(0, bytes) ?? null,
    value: letter.value?.subarray(0, bytes) ?? null,
  };
}

function shorter({ letter, bytes }: Draft): Draft | null {
  const held = Math.min(bytes, Math.max(letter.key?.length ?? 0, letter.value?.length ?? 0));
  const fewer = FEWER_BYTES.find((size) => size < held) ?? (bytes > 0 ? 0 : undefined);
  return fewer === undefined ? null : { letter, bytes: fewer };
}

/** A copy, so that a letter does not hold on to the whole fetched response. */
function kept(bytes: Buffer | null): Buffer | null {
  return bytes === null ? null : Buffer.from(bytes.subarray(0, KEPT_BYTES));
}

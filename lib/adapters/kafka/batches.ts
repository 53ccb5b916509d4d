import type { Batch as KafkaBatch, KafkaMessage } from 'kafkajs';
import type { DecodedRecord } from './record-batch.ts';

/** The last record of something: under which leader epoch it was written, and the offset after it. */
export interface RecordEpoch {
  leaderEpoch: number;
  reach: number;
}

/** What one fetch brought for one partition, waiting to be handled. No messages: only the position moved. */
export interface Fetched {
  messages: readonly KafkaMessage[];
  /** Position after it: past control records at its end. */
  nextOffset: number;
  endOffset: number;
  /** Why nothing can be read from `nextOffset` on, or null. */
  unreadable: string | null;
}

/**
 * Where kafkajs began this fetch. Not in its types, but it is what tells a gap of control records or compaction (the
 * fetch began where it should) from its silent reset after OFFSET_OUT_OF_RANGE (it did not).
 */
export function fetchedFrom(batch: KafkaBatch): number {
  const { fetchedOffset } = batch as KafkaBatch & { fetchedOffset?: unknown };
  if (fetchedOffset === undefined) throw new Error('this version of kafkajs does not tell where a fetch began');
  return Number(fetchedOffset);
}

/**
 * The end of the log as of this fetch. A leader notes its high watermark first and then reads up to a newer one
 * (Partition.readRecords), so that a fetch may bring more records than it says there are.
 */
export const endOf = (highWatermark: string, nextOffset: number): number => Math.max(Number(highWatermark), nextOffset);

export function toFetched(batch: KafkaBatch): Fetched {
  const afterAll = Number(batch.lastOffset()) + 1;
  const endOffset = endOf(batch.highWatermark, afterAll);
  const { offset, unreadable } = batch.messages.at(-1) as KafkaMessage & DecodedRecord;
  if (unreadable === undefined) {
    return { messages: batch.messages, nextOffset: afterAll, endOffset, unreadable: null };
  }
  const reason =
    `${batch.topic}/${batch.partition}: the record batch at offsets ${unreadable.from} to ${offset} cannot be read: ` +
    unreadable.reason;
  return { messages: batch.messages.slice(0, -1), nextOffset: unreadable.from, endOffset, unreadable: reason };
}

/** Under which leader epoch the message was written; null where it came without one (before Kafka 0.11). */
export function epochOf(message: KafkaMessage | undefined): RecordEpoch | null {
  const { batchContext } = (message ?? {}) as Partial<DecodedRecord>;
  if (message === undefined || batchContext === undefined || batchContext.partitionLeaderEpoch < 0) return null;
  return { leaderEpoch: batchContext.partitionLeaderEpoch, reach: Number(message.offset) + 1 };
}

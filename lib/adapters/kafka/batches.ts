import type { Batch as KafkaBatch, KafkaMessage } from 'kafkajs';

/** What one fetch brought for one partition, waiting to be handled. No messages: only the position moved. */
export interface Fetched {
  messages: readonly KafkaMessage[];
  /** Position after it: past control records at its end. */
  nextOffset: number;
  endOffset: number;
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

export function toFetched(batch: KafkaBatch): Fetched {
  return {
    messages: batch.messages,
    nextOffset: Number(batch.lastOffset()) + 1,
    endOffset: Number(batch.highWatermark),
  };
}

import type { Batch as KafkaBatch } from 'kafkajs';
import type { RecordBlock } from './record-batch.ts';
import type { FetchedBlocks } from './record-decoder.ts';

/** The last record of something: under which leader epoch it was written, and the offset after it. */
export interface RecordEpoch {
  leaderEpoch: number;
  reach: number;
}

/** What one fetch brought for one partition, waiting to be handled. */
export interface Fetched {
  /** Those that may hold records for us, in order, up to the end of the answer. */
  blocks: readonly RecordBlock[];
  /** Where the fetch began: a batch is sent whole, with what stands before in it. */
  from: number;
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

/** The leader epoch that what was fetched begins with; -1 where it does not tell. */
export const firstEpoch = (batch: KafkaBatch): number => blocksOf(batch)[0]!.leaderEpoch;

export function toFetched(batch: KafkaBatch): Fetched {
  const blocks = blocksOf(batch);
  const nextOffset = blocks.at(-1)!.lastOffset + 1;
  return {
    blocks: blocks.filter(({ ends, aborted }) => ends === null && !aborted),
    from: fetchedFrom(batch),
    nextOffset,
    // A leader notes its high watermark first and then reads up to a newer one (Partition.readRecords), so that a fetch may
    // bring more records than it says there are.
    endOffset: Math.max(Number(batch.highWatermark), nextOffset),
  };
}

/** Under which leader epoch a batch was written, where it tells (since Kafka 0.11). */
export function epochOf(block: RecordBlock | undefined): RecordEpoch | null {
  if (block === undefined || block.leaderEpoch < 0) return null;
  return { leaderEpoch: block.leaderEpoch, reach: block.lastOffset + 1 };
}

function blocksOf({ messages }: KafkaBatch): readonly RecordBlock[] {
  return (messages[0] as unknown as FetchedBlocks).blocks;
}

import type { Batch as KafkaBatch } from 'kafkajs';
import type { LogRecord } from '../../ports/log.ts';
import type { RecordBlock } from './record-batch.ts';
import type { FetchedBlocks } from './record-decoder.ts';

/** The last record of something: under which leader epoch it was written, and the offset after it. */
export interface RecordEpoch {
  leaderEpoch: number;
  reach: number;
}

/** What one fetch brought for one partition, waiting to be handled. */
export interface Fetched {
  /** Those of them in `blocks`, from where the fetch began. None: only the position moved. */
  records: readonly LogRecord[];
  /** The batches that hold a record of `records`, in order. */
  blocks: readonly RecordBlock[];
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

/** The leader epoch that what was fetched begins with; -1 where it does not tell. */
export const firstEpoch = (batch: KafkaBatch): number => blocksOf(batch)[0]!.leaderEpoch;

/** What the fetch brought from where it began: a batch is sent whole, with what stands before in it. */
export function toFetched(batch: KafkaBatch): Fetched {
  const from = fetchedFrom(batch);
  const blocks = blocksOf(batch);
  const held = blocks.filter(({ records }) => records.length > 0 && records.at(-1)!.offset >= from);
  const records: LogRecord[] = [];
  for (const block of held) for (const record of block.records) if (record.offset >= from) records.push(record);
  const last = blocks.at(-1)!;
  return {
    records,
    blocks: held,
    nextOffset: last.unreadable === null ? last.lastOffset + 1 : last.firstOffset,
    // A leader notes its high watermark first and then reads up to a newer one (Partition.readRecords), so that a fetch may
    // bring more records than it says there are.
    endOffset: Math.max(Number(batch.highWatermark), last.lastOffset + 1),
    unreadable: last.unreadable === null ? null : whyUnreadable(batch, last),
  };
}

/** Under which leader epoch a batch was written, where it tells (since Kafka 0.11). */
export function epochOf(block: RecordBlock | undefined): RecordEpoch | null {
  if (block === undefined || block.leaderEpoch < 0) return null;
  return { leaderEpoch: block.leaderEpoch, reach: (block.records.at(-1)?.offset ?? block.lastOffset) + 1 };
}

function blocksOf({ messages }: KafkaBatch): readonly RecordBlock[] {
  return (messages[0] as unknown as FetchedBlocks).blocks;
}

function whyUnreadable({ topic, partition }: KafkaBatch, { firstOffset, lastOffset, unreadable }: RecordBlock): string {
  return `${topic}/${partition}: the record batch at offsets ${firstOffset} to ${lastOffset} cannot be read: ${unreadable}`;
}

import type { LogRecord } from '../../ports/log.ts';
import type { Fetched } from './batches.ts';
import type { BlockRecords, RecordBlock } from './record-batch.ts';

/** Records for one call of a handler, at least one. */
export interface Slice {
  records: readonly LogRecord[];
  /** The position after them; after all that was fetched where they are the last. */
  nextOffset: number;
  /** Under which all of them were written; -1 where it is not known. */
  leaderEpoch: number;
}

/** A record batch that nobody can read; its message names its offsets and why. */
export class UnreadableBatchError extends Error {
  override readonly name = 'UnreadableBatchError';

  constructor({ firstOffset, lastOffset }: RecordBlock, cause: unknown) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    super(`the record batch at offsets ${firstOffset} to ${lastOffset} cannot be read: ${reason}`, { cause });
  }
}

type ReadBlock = BlockRecords | UnreadableBatchError;

/** Memory that the records of one call may keep, unless one batch takes more. */
const SLICE_BYTES = 4 * 1024 * 1024;

/**
 * What was fetched, cut for handlers: at most `size` records, of one leader epoch. Batches are read one after the other as
 * the slices are taken, so that records die young and one inflated batch is held at a time. Throws UnreadableBatchError
 * once all before such a batch was taken.
 */
export async function* slicesOf(fetched: Fetched, size: () => number): AsyncGenerator<Slice, void, undefined> {
  let waiting: LogRecord[] = [];
  let [bytes, leaderEpoch] = [0, -1];
  const slice = (records: readonly LogRecord[], nextOffset: number): Slice => ({ records, nextOffset, leaderEpoch });
  for (const block of fetched.blocks) {
    const reading = readBlock(block);
    const read = reading instanceof Promise ? await reading : reading;
    if (read instanceof UnreadableBatchError) {
      if (waiting.length > 0) yield slice(waiting, block.firstOffset);
      throw read;
    }
    const records = startingAt(fetched.from, read.records);
    if (records.length === 0) continue;
    const full = bytes + read.bytes > SLICE_BYTES || block.leaderEpoch !== leaderEpoch;
    // What waits is never all that is left: the last slice has to carry the position after control records too.
    if (full && waiting.length > 0) yield slice(waiting, waiting.at(-1)!.offset + 1);
    if (full) [waiting, bytes] = [[], 0];
    leaderEpoch = block.leaderEpoch;
    bytes += read.bytes;
    for (const record of records) waiting.push(record);
    while (waiting.length > size()) {
      const part = waiting.splice(0, size());
      yield slice(part, part.at(-1)!.offset + 1);
    }
  }
  if (waiting.length > 0) yield slice(waiting, fetched.nextOffset);
}

/** Batches are sent whole: the first may begin before the position. */
function startingAt(from: number, records: readonly LogRecord[]): readonly LogRecord[] {
  return records.length === 0 || records[0]!.offset >= from ? records : records.filter(({ offset }) => offset >= from);
}

function readBlock(block: RecordBlock): ReadBlock | Promise<ReadBlock> {
  const unreadable = (error: unknown) => new UnreadableBatchError(block, error);
  try {
    const read = block.read();
    return read instanceof Promise ? read.catch(unreadable) : read;
  } catch (error) {
    return unreadable(error);
  }
}

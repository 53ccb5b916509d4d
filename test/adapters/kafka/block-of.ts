import type { RecordBlock } from '../../../lib/adapters/kafka/record-batch.ts';

/** A record batch that holds records at these offsets; `bytes` of memory. */
export function blockOf(offsets: readonly number[], more: Partial<RecordBlock> = {}, bytes = 0): RecordBlock {
  const records = offsets.map((offset) => ({ offset, timestamp: 0, key: null, value: null, headers: {} }));
  return {
    firstOffset: offsets[0] ?? 0,
    lastOffset: offsets.at(-1) ?? 0,
    leaderEpoch: 0,
    transactionOf: null,
    ends: null,
    aborted: false,
    read: () => ({ records, bytes }),
    ...more,
  };
}

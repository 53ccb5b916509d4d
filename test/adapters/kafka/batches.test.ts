import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Batch } from 'kafkajs';
import { toFetched } from '../../../lib/adapters/kafka/batches.ts';
import type { RecordBlock } from '../../../lib/adapters/kafka/record-batch.ts';

const block = (offsets: number[], more: Partial<RecordBlock> = {}): RecordBlock => ({
  firstOffset: offsets[0] ?? 0,
  lastOffset: offsets.at(-1) ?? 0,
  leaderEpoch: 0,
  transactionOf: null,
  ends: null,
  records: offsets.map((offset) => ({ offset, timestamp: 0, key: null, value: null, headers: {} })),
  weight: 0,
  unreadable: null,
  ...more,
});

const fetchedBlocks = (fetchedOffset: number, highWatermark: string, blocks: RecordBlock[]) =>
  toFetched({
    topic: 'events',
    partition: 0,
    fetchedOffset: String(fetchedOffset),
    highWatermark,
    messages: [{ offset: String(blocks.at(-1)!.lastOffset), blocks }],
  } as unknown as Batch);

const fetched = (highWatermark: string, lastOffset: string) =>
  fetchedBlocks(Number(lastOffset), highWatermark, [block([Number(lastOffset)])]);

const offsets = (records: readonly { offset: number }[]) => records.map(({ offset }) => offset);

describe('what a fetch brought', () => {
  it('ends where the broker says', () => {
    assert.equal(fetched('30', '19').endOffset, 30);
  });

  it('ends after its last record where the broker names an older end', () => {
    const { nextOffset, endOffset } = fetched('19', '19');
    assert.deepEqual({ nextOffset, endOffset }, { nextOffset: 20, endOffset: 20 });
  });

  it('leaves out what stands before the position in the batch it begins in', () => {
    const { records, blocks, nextOffset } = fetchedBlocks(5, '30', [block([3, 4, 5, 6]), block([7, 8])]);
    assert.deepEqual(offsets(records), [5, 6, 7, 8]);
    assert.equal(blocks.length, 2);
    assert.equal(nextOffset, 9);
  });

  it('is a position alone where nothing is left from there on', () => {
    const emptied = block([3, 4], { lastOffset: 9 });
    const marker = block([], { firstOffset: 10, lastOffset: 10, ends: 'commit' });
    const { records, blocks, nextOffset } = fetchedBlocks(5, '30', [emptied, marker]);
    assert.deepEqual([records, blocks, nextOffset], [[], [], 11]);
  });

  it('ends before a batch that cannot be read, and says which', () => {
    const broken = block([], { firstOffset: 7, lastOffset: 9, unreadable: 'why' });
    const { records, nextOffset, unreadable } = fetchedBlocks(5, '30', [block([5, 6]), broken]);
    assert.deepEqual([offsets(records), nextOffset], [[5, 6], 7]);
    assert.equal(unreadable, 'events/0: the record batch at offsets 7 to 9 cannot be read: why');
  });
});

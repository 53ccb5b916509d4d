import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Batch } from 'kafkajs';
import { toFetched } from '../../../lib/adapters/kafka/batches.ts';
import type { RecordBlock } from '../../../lib/adapters/kafka/record-batch.ts';
import { blockOf } from './block-of.ts';

const fetchedBlocks = (fetchedOffset: number, highWatermark: string, blocks: RecordBlock[]) =>
  toFetched({
    topic: 'events',
    partition: 0,
    fetchedOffset: String(fetchedOffset),
    highWatermark,
    messages: [{ offset: String(blocks.at(-1)!.lastOffset), blocks }],
  } as unknown as Batch);

const fetched = (highWatermark: string, lastOffset: string) =>
  fetchedBlocks(Number(lastOffset), highWatermark, [blockOf([Number(lastOffset)])]);

describe('what a fetch brought', () => {
  it('ends where the broker says', () => {
    assert.equal(fetched('30', '19').endOffset, 30);
  });

  it('ends after its last record where the broker names an older end', () => {
    const { nextOffset, endOffset } = fetched('19', '19');
    assert.deepEqual({ nextOffset, endOffset }, { nextOffset: 20, endOffset: 20 });
  });

  it('is a position alone where only ends of transactions and what they aborted came', () => {
    const aborted = blockOf([5, 6], { aborted: true });
    const marker = blockOf([], { firstOffset: 7, lastOffset: 7, ends: 'abort' });
    const { blocks, nextOffset } = fetchedBlocks(5, '30', [aborted, marker]);
    assert.deepEqual([blocks, nextOffset], [[], 8]);
  });
});

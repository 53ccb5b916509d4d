import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Batch } from 'kafkajs';
import { toFetched } from '../../../lib/adapters/kafka/batches.ts';

const fetched = (highWatermark: string, lastOffset: string) =>
  toFetched({
    topic: 'events',
    partition: 0,
    highWatermark,
    messages: [{ offset: lastOffset }],
    lastOffset: () => lastOffset,
  } as unknown as Batch);

describe('what a fetch brought', () => {
  it('ends where the broker says', () => {
    assert.equal(fetched('30', '19').endOffset, 30);
  });

  it('ends after its last record where the broker names an older end', () => {
    const { nextOffset, endOffset } = fetched('19', '19');
    assert.deepEqual({ nextOffset, endOffset }, { nextOffset: 20, endOffset: 20 });
  });
});

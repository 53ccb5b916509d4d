import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Consumer, EachBatchPayload } from 'kafkajs';
import { FetchControl } from '../../../lib/adapters/kafka/fetch-control.ts';
import { PartitionWorker } from '../../../lib/adapters/kafka/partition-worker.ts';
import { Reading } from '../../../lib/adapters/kafka/reading.ts';
import type { RecordBlock } from '../../../lib/adapters/kafka/record-batch.ts';
import { partitionId } from '../../../lib/core/assignment.ts';
import { type Batch, PartitionHaltError, type Position } from '../../../lib/ports/log.ts';
import { eventually } from '../../support/eventually.ts';
import { blockOf } from './block-of.ts';

const place = { topic: 'events', partition: 0 };

/** A partition at offset 0, kafkajs as calls alone. */
function reading(onBatch: (batch: Batch) => Promise<void> = async () => {}) {
  const seen = {
    batches: [] as Batch[],
    positions: [] as Position[],
    halts: [] as string[],
    paused: 0,
    resolved: [] as string[],
  };
  const kafka = { pause: () => (seen.paused += 1), resume: () => {}, seek: () => {} } as unknown as Consumer;
  const fetching = new FetchControl(kafka);
  fetching.connected = true;
  const worker = new PartitionWorker(
    place,
    {
      onAssigned: async () => ({ offset: 0 }),
      onRevoked: async () => {},
      onBatch: (batch) => {
        seen.batches.push(batch);
        return onBatch(batch);
      },
      onPosition: async (position) => void seen.positions.push(position),
      onHalted: (_, reason) => seen.halts.push(reason),
    },
    { onError: assert.fail, onRoom: () => {}, confirm: async () => {} },
  );
  worker.expected = 0;
  const unasked = () => Promise.reject(new Error('nobody asks the log here'));
  const cluster = { incarnation: unasked, committed: unasked, offsets: unasked, epochEnd: unasked };
  const events = { guard: (call: () => Promise<void>) => call(), onLost: assert.fail };
  const all = new Reading(new Map([[partitionId('events', 0), worker]]), fetching, cluster, events);
  const fetch = (fetchedOffset: number, blocks: RecordBlock[]) => {
    const offset = String(blocks.at(-1)!.lastOffset);
    const batch = {
      ...place,
      fetchedOffset,
      highWatermark: '100',
      messages: [{ offset, blocks }],
      lastOffset: () => offset,
    };
    const resolveOffset = (resolved: string) => seen.resolved.push(resolved);
    return all.eachBatch({ batch, resolveOffset, heartbeat: async () => {} } as unknown as EachBatchPayload);
  };
  return { worker, seen, fetch };
}

describe('what is read of what kafkajs fetches', () => {
  it('is resolved to the end of the fetch, and handed over', async () => {
    const { seen, fetch } = reading();
    await fetch(0, [blockOf([0, 1]), blockOf([], { firstOffset: 2, lastOffset: 2, ends: 'commit' })]);
    await eventually('the batch', () => seen.batches.length === 1);
    assert.deepEqual(seen.resolved, ['2']);
    assert.equal(seen.batches[0]!.nextOffset, 3);
  });

  it('is a position where there is no record for anyone', async () => {
    const { worker, seen, fetch } = reading();
    await fetch(0, [blockOf([0, 1], { aborted: true }), blockOf([], { firstOffset: 2, lastOffset: 2, ends: 'abort' })]);
    await eventually('the position', () => seen.positions.length === 1);
    assert.deepEqual(seen.positions, [{ ...place, nextOffset: 3, endOffset: 100 }]);
    assert.equal(worker.expected, 3);
  });

  it('halts at a batch that cannot be read, by name, and is fetched no more', async () => {
    const { worker, seen, fetch } = reading();
    const read = () => {
      throw new RangeError('why');
    };
    await fetch(0, [blockOf([0, 1]), blockOf([], { firstOffset: 2, lastOffset: 5, read })]);
    await eventually('the halt', () => seen.halts.length === 1);
    assert.deepEqual(seen.halts, ['events/0: the record batch at offsets 2 to 5 cannot be read: why']);
    assert.deepEqual([seen.batches.length, seen.batches[0]!.nextOffset], [1, 2]);
    assert.equal(worker.halted, seen.halts[0]);
    await fetch(6, [blockOf([6])]);
    assert.deepEqual([seen.paused, seen.resolved], [1, ['5']]);
  });

  it('is fetched no more once a handler halts the partition', async () => {
    const { worker, seen, fetch } = reading(() => Promise.reject(new PartitionHaltError('poison')));
    await fetch(0, [blockOf([0])]);
    await eventually('the halt', () => worker.halted === 'poison');
    await fetch(1, [blockOf([1])]);
    assert.deepEqual([seen.paused, seen.batches.length, seen.resolved], [1, 1, ['0']]);
  });
});

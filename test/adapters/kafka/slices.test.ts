import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { RecordBlock } from '../../../lib/adapters/kafka/record-batch.ts';
import { type Slice, slicesOf, UnreadableBatchError } from '../../../lib/adapters/kafka/slices.ts';
import { blockOf } from './block-of.ts';

const MB = 1024 * 1024;

interface Cut {
  slices: Slice[];
  error: unknown;
}

async function cut(blocks: RecordBlock[], { from = 0, nextOffset = 100, size = 2000 } = {}): Promise<Cut> {
  const slices: Slice[] = [];
  try {
    for await (const slice of slicesOf({ blocks, from, nextOffset, endOffset: nextOffset }, () => size))
      slices.push(slice);
  } catch (error) {
    return { slices, error };
  }
  return { slices, error: null };
}

const offsets = ({ records }: Slice) => records.map(({ offset }) => offset);
const summary = ({ slices }: Cut) => slices.map((slice) => [offsets(slice), slice.nextOffset, slice.leaderEpoch]);

describe('slices of a fetch', () => {
  it('leave out what stands before the position in the batch it begins in', async () => {
    const all = await cut([blockOf([3, 4, 5, 6]), blockOf([7, 8])], { from: 5 });
    assert.deepEqual(summary(all), [[[5, 6, 7, 8], 100, 0]]);
  });

  it('are none where nothing is left from the position on', async () => {
    assert.deepEqual(await cut([blockOf([3, 4], { lastOffset: 9 })], { from: 5 }), { slices: [], error: null });
  });

  it('are of one leader epoch each, and no larger than told', async () => {
    const blocks = [blockOf([0, 1, 2]), blockOf([3, 4], { leaderEpoch: 1 }), blockOf([6], { leaderEpoch: 1 })];
    assert.deepEqual(summary(await cut(blocks, { size: 2 })), [
      [[0, 1], 2, 0],
      [[2], 3, 0],
      [[3, 4], 5, 1],
      [[6], 100, 1],
    ]);
  });

  it('hold 4 MB, or one batch', async () => {
    const blocks = [blockOf([0], {}, MB), blockOf([1], {}, MB), blockOf([2], {}, 3 * MB), blockOf([3], {}, 16 * MB)];
    assert.deepEqual((await cut(blocks)).slices.map(offsets), [[0, 1], [2], [3]]);
  });

  it('end before a batch that cannot be read, whether it says so at once or later', async () => {
    const why = new RangeError('why');
    const failing = [
      () => {
        throw why;
      },
      () => Promise.reject(why),
    ];
    for (const read of failing) {
      const broken = blockOf([], { firstOffset: 7, lastOffset: 9, read });
      const all = await cut([blockOf([5, 6]), broken, blockOf([10])]);
      assert.deepEqual(summary(all), [[[5, 6], 7, 0]]);
      assert.ok(all.error instanceof UnreadableBatchError);
      assert.equal(all.error.message, 'the record batch at offsets 7 to 9 cannot be read: why');
    }
  });

  it('are together all from the position on, in order; only the last has the position after all', async () => {
    const shape = fc.record({ count: fc.nat(7), gap: fc.nat(3), leaderEpoch: fc.nat(2), bytes: fc.nat(5 * MB) });
    const sizes = { from: fc.nat(20), size: fc.integer({ min: 1, max: 6 }) };
    await fc.assert(
      fc.asyncProperty(fc.array(shape, { maxLength: 8 }), fc.record(sizes), async (shapes, { from, size }) => {
        let next = 0;
        const blocks = shapes.map(({ count, gap, leaderEpoch, bytes }) => {
          const first = next + gap;
          next = first + count;
          const held = Array.from({ length: count }, (_, index) => first + index);
          return blockOf(held, { firstOffset: first, lastOffset: next, leaderEpoch }, bytes);
        });
        const { slices } = await cut(blocks, { from, nextOffset: 1000, size });
        const all = (await Promise.all(blocks.map(({ read }) => read()))).flatMap(({ records }) => records);
        assert.deepEqual(
          slices.flatMap(offsets),
          all.map(({ offset }) => offset).filter((offset) => offset >= from),
        );
        for (const [index, { records, nextOffset }] of slices.entries()) {
          assert.ok(records.length > 0 && records.length <= size);
          assert.equal(nextOffset, index === slices.length - 1 ? 1000 : records.at(-1)!.offset + 1);
        }
      }),
    );
  });
});

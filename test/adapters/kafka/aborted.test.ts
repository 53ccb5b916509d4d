import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { markAborted } from '../../../lib/adapters/kafka/aborted.ts';
import type { RecordBlock } from '../../../lib/adapters/kafka/record-batch.ts';

type Written = [producer: string | null, offsets: number[] | 'commit' | 'abort'];

function blocksOf(written: readonly Written[], from = 0): RecordBlock[] {
  let next = from;
  return written.map(([transactionOf, what]) => {
    const offsets = typeof what === 'string' ? [next] : what;
    const [firstOffset, lastOffset] = [offsets[0]!, offsets.at(-1)!];
    next = lastOffset + 1;
    const ends = typeof what === 'string' ? what : null;
    const read = () => ({ records: [], bytes: 0 });
    return { firstOffset, lastOffset, leaderEpoch: 0, transactionOf, ends, aborted: false, read };
  });
}

/** Offsets of the batches that are not marked. */
function left(written: readonly Written[], aborted: [producer: string, from: number][]): number[] {
  const blocks = blocksOf(written);
  markAborted(
    blocks,
    aborted.map(([producerId, first]) => ({ producerId, firstOffset: String(first) })),
  );
  const kept = blocks.filter(({ ends, aborted: marked }) => ends === null && !marked);
  return kept.flatMap(({ firstOffset, lastOffset }) =>
    Array.from({ length: lastOffset - firstOffset + 1 }, (_, index) => firstOffset + index),
  );
}

describe('aborted records', () => {
  it('are those of their producer up to its abort; the next transaction counts', () => {
    const log: Written[] = [
      ['7', [0, 1]],
      [null, [2]],
      ['7', [3]],
      ['7', 'abort'],
      ['7', [5, 6]],
      ['7', 'commit'],
    ];
    assert.deepEqual(left(log, [['7', 0]]), [2, 5, 6]);
  });

  it('of several producers overlap, told in any order, also where the fetch began inside them', () => {
    const log: Written[] = [
      ['1', [10]],
      ['2', [11]],
      ['3', [12]],
      ['1', 'abort'],
      ['2', [14]],
      ['2', 'abort'],
      ['3', 'commit'],
      ['1', [17]],
    ];
    const aborted: [string, number][] = [
      ['2', 4],
      ['1', 2],
    ];
    assert.deepEqual(left(log, aborted), [12, 17]);
  });

  it('begin where the broker says, and an outsider of the same id is none', () => {
    const log: Written[] = [
      ['1', [0]],
      ['1', 'commit'],
      [null, [2]],
      ['1', [3]],
      ['1', 'abort'],
    ];
    assert.deepEqual(left(log, [['1', 3]]), [0, 2]);
    assert.deepEqual(left(log, []), [0, 2, 3]);
  });
});

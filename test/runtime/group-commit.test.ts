import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { groupCommit } from '../../lib/runtime/group-commit.ts';

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('groupCommit', () => {
  it('writes together what came in one turn or during a write, each item once and in order', async () => {
    const writes: number[][] = [];
    const commit = groupCommit<number>(async (items) => {
      writes.push([...items]);
      await turn();
    });
    const first = [commit([1]), commit([2, 3]), commit([])];
    while (writes.length === 0) await turn();
    await Promise.all([...first, commit([4]), commit([5])]);
    await commit([6]);
    assert.deepEqual(writes, [[1, 2, 3], [4, 5], [6]]);
  });

  it('fails those whose write failed, and only those', async () => {
    let fail = true;
    const commit = groupCommit<number>(async () => {
      if (fail) throw new Error('no');
    });
    await assert.rejects(commit([1]), /no/);
    fail = false;
    await commit([2]);
  });
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { afterTruncation, topicIdOf, truncationsOf } from '../../lib/core/incarnation.ts';

test('a truncated partition goes on under an incarnation of its own, of the same topic', () => {
  const id = '1f4c6f2e-0000-4000-8000-000000000001';
  const [first, second] = [afterTruncation(id), afterTruncation(afterTruncation(id))];
  assert.deepEqual([id, first, second].map(truncationsOf), [0, 1, 2]);
  assert.deepEqual([id, first, second].map(topicIdOf), [id, id, id]);
  assert.equal(new Set([id, first, second]).size, 3);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { committedOrOldest, groupOf } from '../../lib/runtime/consumer-group.ts';
import { configWith } from '../support/config.ts';

test('a group is named after its service, behind the prefix that Kafka is given', () => {
  assert.equal(groupOf(configWith(), 'detector'), 'driftline-detector');
  const kafka = { kind: 'kafka', brokers: ['127.0.0.1:9092'], groupPrefix: 'blue' } as const;
  const log = { ...kafka, encoding: 'json', partitions: 1, replication: 1, sessionTimeoutMs: 1_000 } as const;
  assert.equal(groupOf({ log }, 'notifier'), 'blue-notifier');
});

test('reading begins at the committed offset, or at the oldest record where the log does not have it', async () => {
  const log = { offsets: async () => [{ partition: 1, beginning: 10, end: 20 }] };
  const begins = async (committed: number | null, partition = 1) =>
    (await committedOrOldest(log, { topic: 't', partition }, committed)).offset;
  assert.deepEqual(
    [await begins(10), await begins(15), await begins(20)],
    [10, 15, 20],
    'the end too: nothing was read beyond it',
  );
  assert.deepEqual([await begins(null), await begins(9), await begins(21)], [10, 10, 10]);
});

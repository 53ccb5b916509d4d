import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isComplete, newWatermark, observeProgress, passedTime } from '../../../lib/core/detection/watermark.ts';

const report = (partition: number, passed: number, incarnation = 'a') => ({ partition, passed, incarnation });

test('nothing has passed until every partition has reported', () => {
  let mark = newWatermark('a', 2);
  assert.equal(passedTime(mark), -1);
  mark = observeProgress(mark, report(0, 500));
  assert.equal(passedTime(mark), -1);
  mark = observeProgress(mark, report(1, 300));
  assert.equal(passedTime(mark), 300);
});

test('a topic without partitions has passed nothing', () => {
  assert.equal(passedTime(newWatermark('a', 0)), -1);
});

test('a partition added since counts from its first report', () => {
  let mark = observeProgress(newWatermark('a', 1), report(0, 500));
  mark = observeProgress(mark, report(1, 100));
  assert.equal(passedTime(mark), 100);
});

test('reports of another incarnation change nothing', () => {
  const mark = observeProgress(newWatermark('a', 1), report(0, 500));
  assert.equal(observeProgress(mark, report(0, 900, 'b')), mark);
});

test('a window is complete at its end plus the allowed delay, to the millisecond', () => {
  assert.equal(isComplete(1_000, 60, 1_059), false);
  assert.equal(isComplete(1_000, 60, 1_060), true);
});

test('property: monotone, and the least of what each partition said at most', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat({ max: 2 }), fc.integer({ min: -1, max: 1_000 }))), (reports) => {
      let mark = newWatermark('a', 3);
      let before = passedTime(mark);
      for (const [partition, passed] of reports) {
        mark = observeProgress(mark, report(partition, passed));
        assert.ok(passedTime(mark) >= before);
        before = passedTime(mark);
      }
      const greatest = [0, 1, 2].map((p) =>
        Math.max(-1, ...reports.filter(([q]) => q === p).map(([, passed]) => passed)),
      );
      assert.equal(before, Math.min(...greatest));
    }),
  );
});

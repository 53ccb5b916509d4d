import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  isComplete,
  newWatermark,
  observeProgress,
  type ProgressReport,
  passedTime,
} from '../../../lib/core/detection/watermark.ts';

const report = (partition: number, passed: number, incarnation = 'a') => ({
  ...{ partition, passed, incarnation },
  ...{ reach: 0, arrived: passed, replaying: false },
});
/** What was passed without `arrived` was by idleness. */
const at = (reach: number, arrived: number, passed: number, replaying: boolean, incarnation = 'a') => ({
  ...{ partition: 0, incarnation, reach, arrived, passed, replaying },
});
const passedAfter = (partitions: number, reports: readonly ProgressReport[]): number =>
  passedTime(reports.reduce(observeProgress, newWatermark('a', partitions)));

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

const IDLE = at(3, 100, 9_000, false);

test('what idleness has passed is taken back when a replay begins, what records have passed is not', () => {
  assert.equal(passedAfter(1, [IDLE]), 9_000);
  assert.equal(passedAfter(1, [IDLE, at(3, 100, 100, true)]), 100);
  assert.equal(passedAfter(1, [IDLE, at(5, 130, 130, true)]), 130);
  assert.equal(passedAfter(1, [IDLE, at(5, 90, 90, true)]), 100);
});

test('a replay goes by records on the partitions that it has not come to, too', () => {
  const other = { ...at(0, -1, 9_000, false), partition: 1 };
  assert.equal(passedAfter(2, [IDLE, other]), 9_000);
  assert.equal(passedAfter(2, [IDLE, other, at(5, 130, 130, true)]), -1);
  const reached = { ...at(1, 120, 120, true), partition: 1 };
  assert.equal(passedAfter(2, [IDLE, other, at(5, 130, 130, true), reached]), 120);
});

test('a replay ends with a record that is none of its own, on the partition that has it', () => {
  const replay = at(5, 130, 130, true);
  assert.equal(passedAfter(1, [IDLE, replay, at(6, 9_500, 9_500, false)]), 9_500);
  assert.equal(passedAfter(1, [replay, at(6, 130, 9_700, false)]), 9_700);
});

test('reports from before neither end a replay nor begin one again', () => {
  const replay = at(5, 130, 130, true);
  assert.equal(passedAfter(1, [replay, IDLE]), 130);
  assert.equal(passedAfter(1, [at(5, 130, 130, true), at(5, 130, 9_000, false)]), 130);
  assert.equal(passedAfter(1, [replay, at(6, 9_500, 9_500, false), replay]), 9_500);
});

test('offsets of a truncated partition stand behind those of before', () => {
  assert.equal(passedAfter(1, [IDLE, at(1, 100, 100, true, 'a~1')]), 100);
  assert.equal(passedAfter(1, [at(5, 130, 130, true), at(1, 130, 9_700, false, 'a~1')]), 9_700);
  assert.equal(passedAfter(1, [at(5, 130, 130, true, 'a~1'), at(7, 130, 9_700, false)]), 130);
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

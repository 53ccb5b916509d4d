import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isFiring, isOpen } from '../../../../lib/core/alerts/episode.ts';
import type { AlertEvent } from '../../../../lib/core/alerts/types.ts';
import { HOUR, Timeline } from './timeline.ts';

test('an alert is pending at the first breach, fires when it persists and resolves when it has been clear as long', () => {
  const timeline = new Timeline(2);
  timeline.at(0, 'a b');
  assert.equal(timeline.said(), '');
  timeline.at(1, 'a! b');
  timeline.at(2, 'a! b');
  timeline.at(3, 'a! b');
  timeline.at(4, 'a b');
  assert.equal(timeline.said(), 'pending:a firing:a');
  timeline.at(5, 'a b');
  assert.equal(timeline.said(), 'pending:a firing:a resolved:a');
  assert.deepEqual(
    timeline.events.map(({ revision, since, asOf }) => [revision, since / HOUR, asOf / HOUR]),
    [
      [1, 1, 2],
      [2, 1, 3],
      [3, 1, 6],
    ],
  );
  assert.equal(new Set(timeline.events.map((event) => event.episode)).size, 1);
});

test('with a persistence of one an alert fires in its first revision', () => {
  const timeline = new Timeline(1);
  timeline.at(0, 'a! b!');
  assert.equal(timeline.said(), 'firing:a,b');
  assert.equal(timeline.events[0]?.revision, 1);
  timeline.at(1, 'a b');
  assert.equal(timeline.said(), 'firing:a,b resolved:a,b');
});

test('a breach that does not persist is withdrawn, and nobody was told', () => {
  const timeline = new Timeline(3);
  timeline.at(0, 'a!');
  timeline.at(1, 'a!');
  timeline.at(2, 'a');
  assert.equal(timeline.said(), 'pending:a withdrawn:a');
  assert.equal(timeline.events[1]?.incident, null);
  assert.match(timeline.events[1]!.reason, /did not last 3 windows/);
});

test('breaches of different features do not add up', () => {
  const timeline = new Timeline(2);
  timeline.at(0, 'a! b');
  timeline.at(1, 'a b!');
  assert.equal(timeline.said(), 'pending:a');
  timeline.at(2, 'a b!');
  assert.equal(timeline.said(), 'pending:a firing:b');
  assert.equal(timeline.events[1]?.since, HOUR);
});

test('windows without enough data neither extend nor break a run, in firing and in clearing', () => {
  const timeline = new Timeline(2);
  timeline.at(0, 'a!');
  timeline.at(1, 'a?');
  timeline.at(2, 'a!');
  assert.equal(timeline.said(), 'pending:a firing:a');
  timeline.at(3, 'a');
  for (let hour = 4; hour < 20; hour++) timeline.at(hour, 'a?');
  assert.equal(timeline.said(), 'pending:a firing:a');
  timeline.at(20, 'a');
  assert.equal(timeline.said(), 'pending:a firing:a resolved:a');
});

test('members come and go visibly, and the last one resolves the alert', () => {
  const timeline = new Timeline(2);
  timeline.at(0, 'a! b c');
  timeline.at(1, 'a! b! c');
  timeline.at(2, 'a! b! c');
  assert.equal(timeline.said(), 'pending:a firing:a updated:a,b');
  assert.equal(timeline.events[2]?.reason, 'new: b');
  timeline.at(3, 'a b! c');
  const quiet = timeline.at(4, 'a b! c!');
  assert.equal(quiet.event?.reason, 'clear again: a');
  assert.equal(timeline.said(), 'pending:a firing:a updated:a,b updated:b');
  timeline.at(5, 'a b c!');
  assert.equal(timeline.events.at(-1)?.reason, 'new: c');
  timeline.at(6, 'a b c');
  timeline.at(7, 'a b c');
  assert.equal(timeline.said(), 'pending:a firing:a updated:a,b updated:b updated:b,c updated:c resolved:c');
});

test('flapping keeps an alert firing: it clears only after as many clear windows as it took to fire', () => {
  const timeline = new Timeline(2);
  timeline.at(0, 'a!');
  timeline.at(1, 'a!');
  for (let hour = 2; hour < 30; hour++) timeline.at(hour, hour % 2 === 0 ? 'a' : 'a!');
  assert.equal(timeline.said(), 'pending:a firing:a');
});

test('after an end the next breach is another episode', () => {
  const timeline = new Timeline(1);
  timeline.at(0, 'a!');
  timeline.at(1, 'a');
  timeline.at(2, 'a!');
  assert.equal(timeline.said(), 'firing:a resolved:a firing:a');
  assert.notEqual(timeline.events[0]?.episode, timeline.events[2]?.episode);
  assert.equal(timeline.events[2]?.revision, 1);
});

test('every decision has a reason, also the decision to say nothing', () => {
  const timeline = new Timeline(3);
  const reasons = ['a', 'a!', 'a!', 'a!', 'a!', 'a'].map((marks, hour) => timeline.at(hour, marks).reason);
  assert.deepEqual(reasons, [
    'nothing breached in this window',
    'breached in 1 of the 3 windows it takes to fire: a',
    'still breached, not yet long enough to fire',
    'breached for 3 windows in a row: a',
    'firing, with the same members',
    'firing, with the same members',
  ]);
});

test('the same identity and windows give the same ids, another segment others', () => {
  const [first, second] = [new Timeline(1), new Timeline(1)];
  first.at(7, 'a!');
  second.at(7, 'a!');
  assert.deepEqual(first.events, second.events);
  assert.match(first.events[0]!.episode, /^ep_drift_19700101T070000Z_[0-9a-f]{16}$/);
});

const mark = fc.constantFrom('', '!', '?');
const marks = fc.array(fc.tuple(mark, mark, mark), { maxLength: 60 });

test('property: revisions rise by one, firing takes persistence breached windows, nothing resolves that has not fired', () => {
  fc.assert(
    fc.property(marks, fc.integer({ min: 1, max: 4 }), (windows, persistence) => {
      const timeline = new Timeline(persistence);
      windows.forEach(([a, b, c], hour) => {
        const before = timeline.track.last;
        const { event } = timeline.at(hour, `a${a} b${b} c${c}`);
        if (event !== null) checkTransition(before, event, timeline, persistence);
      });
    }),
    { numRuns: 500 },
  );
});

function checkTransition(before: AlertEvent | null, event: AlertEvent, timeline: Timeline, persistence: number): void {
  if (isOpen(before)) {
    assert.equal(event.episode, before.episode);
    assert.equal(event.revision, before.revision + 1);
  } else {
    assert.equal(event.revision, 1);
    assert.ok(event.state === 'pending' || event.state === 'firing');
  }
  if (event.state === 'resolved' || event.state === 'updated') assert.ok(isFiring(before));
  if (event.state === 'withdrawn') assert.equal(before?.state, 'pending');
  assert.ok(event.members.length > 0);
  if (event.state === 'firing') {
    for (const { feature } of event.members) assert.ok(breachedRun(timeline, feature) >= persistence, feature);
  }
}

/** Breached windows of the feature in a row, counted from the end, without those that lack data: independently of the code. */
function breachedRun(timeline: Timeline, feature: string): number {
  const outcomes = timeline.windows
    .map((verdict) => verdict.features.find((candidate) => candidate.feature === feature)!.outcome)
    .filter((outcome) => outcome !== 'not-enough-data');
  const lastClear = outcomes.lastIndexOf('clear');
  return outcomes.length - 1 - lastClear;
}

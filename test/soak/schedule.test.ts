import assert from 'node:assert/strict';
import { test } from 'node:test';
import { alertProblems, pageProblems } from './checks.ts';
import { growthOf } from './memory.ts';
import { FAULT_KINDS, makeSchedule } from './schedule.ts';
import { SoakStream } from './stream.ts';

const MINUTE = 60_000;

test('a seed gives one schedule and one stream, another seed others', () => {
  const of = (seed: number) => makeSchedule({ seed, durationMs: 10 * MINUTE, storeDownMs: MINUTE });
  assert.deepEqual(of(7), of(7));
  assert.notDeepEqual(of(7).faults, of(8).faults);
  const lines = (seed: number) => {
    const stream = new SoakStream(seed, 'k');
    return Array.from({ length: 100 }, () => stream.next({ now: 0, drifted: false, calm: false }).line);
  };
  assert.deepEqual(lines(7), lines(7));
  assert.notDeepEqual(lines(7), lines(8));
});

test('a long soak has every kind of fault, all within its time', () => {
  const { faults, drifts } = makeSchedule({ seed: 1, durationMs: 30 * MINUTE, storeDownMs: MINUTE });
  assert.deepEqual([...new Set(faults.map(({ kind }) => kind))].sort(), [...FAULT_KINDS].sort());
  assert.ok(faults.every(({ at }) => at >= 0 && at < 30 * MINUTE));
  assert.ok(drifts.length > 5);
});

const fired = { episode: 'e', revision: 1, state: 'firing', incident: 'i', model: 'm' };
const stored = { episode: 'e', revision: 1, state: 'firing', incident: 'i' };

test('alerts: a key with two meanings, one the store does not know, and one the topic lacks are told', () => {
  assert.deepEqual(alertProblems([fired, fired], [stored]), []);
  assert.match(alertProblems([fired, { ...fired, state: 'updated' }], [stored]).join(), /in two forms/);
  assert.match(alertProblems([fired], []).join(), /not in the store/);
  assert.match(alertProblems([fired], [{ ...stored, revision: 2 }]).join(), /on the topic 1 firing/);
});

test('pages: a firing nobody was told of, a resolve before its trigger, one that is missing, and a stranger are told', () => {
  const trigger = { action: 'trigger', key: 'i' };
  const resolve = { action: 'resolve', key: 'i' };
  const closed = [{ incident: 'i', state: 'resolved' }];
  assert.deepEqual(pageProblems([fired], closed, [trigger, trigger, resolve]), []);
  assert.match(pageProblems([fired], closed, []).join(), /never told/);
  assert.match(pageProblems([fired], closed, [resolve, trigger]).join(), /resolve came first/);
  assert.match(pageProblems([fired], closed, [trigger]).join(), /was not resolved/);
  assert.match(
    pageProblems([fired], [{ incident: 'i', state: 'open' }], [trigger, resolve]).join(),
    /but was resolved/,
  );
  assert.match(pageProblems([fired], closed, [trigger, resolve, { action: 'trigger', key: 'x' }]).join(), /unknown/);
  assert.match(pageProblems([{ ...fired, incident: null }], closed, [trigger, resolve]).join(), /without an incident/);
});

test('memory: growth is told of lives that are long enough, by the most of each half after the warm-up', () => {
  const samples = (minutes: number, bytes: (second: number) => number) =>
    Array.from({ length: minutes * 60 }, (_, second) => ({ at: second * 1_000, bytes: bytes(second) }));
  assert.equal(growthOf(samples(3, (second) => second * 1e6)), null);
  // A leak of 0.1 MB a second over the 240 s from half to half.
  assert.ok(Math.abs(growthOf(samples(9, (second) => second * 1e5))! - 24e6) < 1e6);
  const saw = (second: number) => 100e6 + (second % 90) * 1e6;
  assert.equal(growthOf(samples(9, saw)), 0);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isFiring, isOpen } from '../../../../lib/core/alerts/episode.ts';
import {
  type AlertBook,
  identityKey,
  rebuildAlerts,
  record,
  restore,
  stepWindow,
} from '../../../../lib/core/alerts/episode-book.ts';
import type { WindowVerdict } from '../../../../lib/core/alerts/episode-types.ts';
import type { AlertEvent } from '../../../../lib/core/alerts/types.ts';
import { describe, IDENTITY, policy, window } from './timeline.ts';

const SUBJECT = { identity: IDENTITY, policy: policy(2) };

/** Judges windows one by one as the running service does. */
function run(book: AlertBook, windows: readonly WindowVerdict[], persistence = 2): AlertEvent[] {
  return windows.flatMap((verdict) => stepWindow(book, [{ identity: IDENTITY, policy: policy(persistence), verdict }]));
}

/** A new owner: knows the last published event, and reads the windows back from the store. */
function takeOver(published: readonly AlertEvent[], windows: readonly WindowVerdict[], persistence = 2) {
  const book: AlertBook = new Map();
  const event = published.at(-1);
  if (event !== undefined) restore(book, [{ event, opened: openedBy(published, event) }]);
  const events = rebuildAlerts(book, [{ identity: IDENTITY, policy: policy(persistence), windows }]);
  return { book, events };
}

function openedBy(published: readonly AlertEvent[], { episode }: AlertEvent): number {
  return Math.min(...published.filter((event) => event.episode === episode).map((event) => event.asOf));
}

const series = (text: string) => text.split(' ').map((marks, hour) => window(hour, marks));

test('late data that takes a breach away withdraws the alert that it fired', () => {
  const book: AlertBook = new Map();
  run(book, series('a a! a!'));
  const events = rebuildAlerts(book, [{ ...SUBJECT, windows: series('a a! a') }]);
  assert.deepEqual(events.map(describe), ['withdrawn:a']);
  assert.match(events[0]!.reason, /late data/);
  assert.equal(events[0]!.revision, 3);
  assert.notEqual(events[0]!.incident, null);
});

test('late data that adds a member updates the alert', () => {
  const book: AlertBook = new Map();
  const [first, second] = [window(0, 'a! b!'), window(1, 'a! b')];
  run(book, [first, second]);
  const events = rebuildAlerts(book, [{ ...SUBJECT, windows: [first, window(1, 'a! b!')] }]);
  assert.deepEqual(events.map(describe), ['updated:a,b']);
  assert.equal(events[0]?.reason, 'late data: new: b');
});

test('late data that shows an alert had cleared resolves it', () => {
  const book: AlertBook = new Map();
  run(book, [...series('a! a! a a!'), window(4, 'a! b!')]);
  const last = book.get(identityKey(IDENTITY))!.last!;
  // What the last event knew is what is reconsidered: make it know all five windows.
  record(book, [{ ...last, asOf: window(4, '').end }]);
  const events = rebuildAlerts(book, [{ ...SUBJECT, windows: [...series('a! a! a a'), window(4, 'a b!')] }]);
  assert.equal(events[0]?.state, 'resolved');
});

test('late data that makes a pending breach long enough fires it, with an incident', () => {
  const book: AlertBook = new Map();
  run(book, series('a a!'));
  const events = rebuildAlerts(book, [{ ...SUBJECT, windows: series('a! a!') }]);
  assert.deepEqual(events.map(describe), ['firing:a']);
  assert.match(events[0]!.incident!, /^inc_m_champion_/);
});

test('late data that fires what never was pending goes through its windows in order', () => {
  const book: AlertBook = new Map();
  run(book, series('a a a a'));
  const events = rebuildAlerts(book, [{ ...SUBJECT, windows: series('a a! a! a') }]);
  assert.deepEqual(events.map(describe), ['pending:a', 'firing:a']);
});

test('an ended episode never opens again; a new one that begins in the same window has another id', () => {
  const book: AlertBook = new Map();
  run(book, series('a! a! a a'));
  const ended = book.get(identityKey(IDENTITY))!.last!;
  assert.equal(ended.state, 'resolved');
  const windows = [...series('a! a! a! a!'), window(4, 'a!')];
  const events = rebuildAlerts(book, [{ ...SUBJECT, windows }]);
  assert.equal(events[0]?.state, 'firing');
  assert.equal(events[0]?.since, ended.since);
  assert.notEqual(events[0]?.episode, ended.episode);
});

test('what is right stays unsaid: rebuilding from the same windows says nothing', () => {
  const windows = series('a a! a! a a! a a b! b! a! a!');
  const book: AlertBook = new Map();
  const published = run(book, windows);
  assert.deepEqual(takeOver(published, windows).events, []);
});

const mark = fc.constantFrom('', '!', '?');
const history = fc
  .array(fc.tuple(mark, mark), { minLength: 1, maxLength: 40 })
  .map((rows) => rows.map(([a, b], hour) => window(hour, `a${a} b${b}`)));
const persistences = fc.integer({ min: 1, max: 4 });

test('property: a crash at any point, with any part of the events lost, changes nothing of what is said in the end', () => {
  fc.assert(
    fc.property(history, persistences, fc.nat(), fc.nat(), (windows, persistence, crash, lost) => {
      const all = run(new Map(), windows, persistence);
      const scored = crash % (windows.length + 1);
      const before = run(new Map(), windows.slice(0, scored), persistence);
      const published = before.slice(0, before.length - (lost % (before.length + 1)));
      const { book, events } = takeOver(published, windows.slice(0, scored), persistence);
      const rest = run(book, windows.slice(scored), persistence);
      assert.deepEqual([...published, ...events, ...rest], all);
    }),
    { numRuns: 1_000 },
  );
});

test('property: whatever late data does, revisions rise, ended episodes stay ended, and an open alert has its breaches', () => {
  fc.assert(
    fc.property(
      history,
      fc.array(fc.tuple(fc.nat(), mark, mark), { maxLength: 6 }),
      persistences,
      (windows, changes, persistence) => {
        const book: AlertBook = new Map();
        const subject = { identity: IDENTITY, policy: policy(persistence) };
        const published = run(book, windows, persistence);
        const changed = [...windows];
        for (const [where, a, b] of changes) {
          const hour = where % windows.length;
          changed[hour] = window(hour, `a${a} b${b}`);
          published.push(...rebuildAlerts(book, [{ ...subject, windows: changed }]));
          assert.deepEqual(rebuildAlerts(book, [{ ...subject, windows: changed }]), [], 'once said is enough');
        }
        checkStream(published);
        const { last } = book.get(identityKey(IDENTITY))!;
        if (isFiring(last)) assert.ok(last.members.length > 0 && last.incident !== null);
      },
    ),
    { numRuns: 1_000 },
  );
});

function checkStream(events: readonly AlertEvent[]): void {
  const latest = new Map<string, AlertEvent>();
  for (const event of events) {
    const before = latest.get(event.episode) ?? null;
    assert.equal(event.revision, (before?.revision ?? 0) + 1);
    assert.ok(before === null || isOpen(before), `${event.episode} had ended`);
    if (event.state === 'resolved') assert.ok(isFiring(before), 'resolved without having fired');
    if (before?.incident != null) assert.equal(event.incident, before.incident);
    latest.set(event.episode, event);
  }
}

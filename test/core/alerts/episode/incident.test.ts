import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isFiring } from '../../../../lib/core/alerts/episode.ts';
import { adviseOn } from '../../../../lib/core/alerts/episode-advice.ts';
import { type AlertBook, stepWindow } from '../../../../lib/core/alerts/episode-book.ts';
import type { AlertMember } from '../../../../lib/core/alerts/types.ts';
import { IDENTITY, policy, window } from './timeline.ts';

/** Judges one window of several alerts: identity changes → marks. */
function judge(book: AlertBook, hour: number, marks: readonly (readonly [Partial<typeof IDENTITY>, string])[]) {
  return stepWindow(
    book,
    marks.map(([changes, text]) => ({
      identity: { ...IDENTITY, ...changes },
      policy: policy(1),
      verdict: window(hour, text),
    })),
  );
}

test('what fires together, or while the incident is open, is one incident; roles are apart', () => {
  const book: AlertBook = new Map();
  const first = judge(book, 0, [
    [{}, 'a!'],
    [{ segment: 'region=MA' }, 'a!'],
    [{ role: 'shadow' }, 'a!'],
  ]);
  assert.equal(first[0]?.incident, first[1]?.incident);
  assert.notEqual(first[0]?.incident, first[2]?.incident);
  const [second] = judge(book, 1, [[{ monitor: 'other', version: '2' }, 'b!']]);
  assert.equal(second?.incident, first[0]?.incident);
});

test('an alert that fires as the last other one resolves joins its incident, and is told first', () => {
  const book: AlertBook = new Map();
  const [before] = judge(book, 0, [[{}, 'a!']]);
  const events = judge(book, 1, [
    [{}, 'a'],
    [{ monitor: 'other' }, 'b!'],
  ]);
  assert.deepEqual(
    events.map((event) => event.state),
    ['firing', 'resolved'],
  );
  assert.ok(events.every((event) => event.incident === before?.incident));
});

test('once all alerts have ended the next one opens another incident', () => {
  const book: AlertBook = new Map();
  const [before] = judge(book, 0, [[{}, 'a!']]);
  judge(book, 1, [[{}, 'a']]);
  const [after] = judge(book, 2, [[{}, 'a!']]);
  assert.ok(isFiring(after ?? null));
  assert.notEqual(after?.incident, before?.incident);
});

test('ids are short and plain whatever the names are', () => {
  const book: AlertBook = new Map();
  const model = `modèle/${'x'.repeat(120)}`;
  const [event] = judge(book, 0, [[{ model, monitor: 'größe drift' }, 'a!']]);
  assert.match(event!.incident!, /^inc_mod-le-x{53}_champion_19700101T000000Z_[0-9a-f]{16}$/);
  assert.match(event!.episode, /^ep_gr-e-drift_19700101T000000Z_[0-9a-f]{16}$/);
});

const moved = (feature: string, metric = 'psi') => ({ feature, metric }) as AlertMember;

test('advice: the first rule that matches', () => {
  assert.match(adviseOn([moved('prediction.score', 'missing_rate'), moved('a', 'missing_rate')]), /^Halt: /);
  assert.match(adviseOn([moved('prediction.score'), moved('a', 'unseen_rate')]), /^Look: data quality .*\(a\)/);
  assert.match(adviseOn([moved('prediction.score'), moved('a'), moved('b')]), /^Retrain: /);
  assert.match(adviseOn([moved('prediction.label')]), /^Roll back: /);
  assert.match(adviseOn([moved('a')]), /^Look: only inputs moved/);
  assert.match(
    adviseOn(['a', 'b', 'c', 'd', 'e', 'f', 'g'].map((name) => moved(name, 'missing_rate'))),
    /\(a, b, c, d, e and 2 more\)/,
  );
});

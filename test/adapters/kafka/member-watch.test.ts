import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MemberWatch } from '../../../lib/adapters/kafka/member-watch.ts';

const SESSION = 6_000;

test('a member that should beat and does not for two sessions joins again, once each time', (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] });
  let joined = false;
  let rejoined = 0;
  const watch = new MemberWatch(
    SESSION,
    () => joined,
    () => {
      rejoined += 1;
    },
  );
  t.mock.timers.tick(10 * SESSION);
  assert.equal(rejoined, 0, 'nobody beats before it has joined');
  joined = true;
  for (let beats = 0; beats < 20; beats += 1) {
    t.mock.timers.tick(SESSION);
    watch.beat();
  }
  assert.equal(rejoined, 0, 'a slow heartbeat is one');
  t.mock.timers.tick(2 * SESSION);
  assert.equal(rejoined, 0);
  t.mock.timers.tick(SESSION);
  assert.equal(rejoined, 1);
  watch.beat();
  t.mock.timers.tick(2 * SESSION);
  assert.equal(rejoined, 1);
  watch.stop();
  t.mock.timers.tick(10 * SESSION);
  assert.equal(rejoined, 1);
});

test('a member is counted on for a session from when the heartbeat left that was answered last', () => {
  const watch = new MemberWatch(
    SESSION,
    () => true,
    () => {},
  );
  assert.equal(watch.isCounted(0), false, 'not before it has joined');
  watch.joined(1_000);
  assert.deepEqual([watch.isCounted(1_000 + SESSION - 1), watch.isCounted(1_000 + SESSION)], [true, false]);
  watch.sent(3_000);
  assert.equal(watch.isCounted(1_000 + SESSION), false, 'refused');
  watch.sent(4_000);
  watch.beat();
  assert.deepEqual([watch.isCounted(4_000 + SESSION - 1), watch.isCounted(4_000 + SESSION)], [true, false]);
  watch.stop();
});

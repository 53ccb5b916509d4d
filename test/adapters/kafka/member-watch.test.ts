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

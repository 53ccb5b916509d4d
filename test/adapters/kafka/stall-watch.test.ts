import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { StallWatch, type Watched } from '../../../lib/adapters/kafka/stall-watch.ts';

const LOOK_MS = 5_000;
const TOPIC = 'orders';

class Partition implements Watched {
  readonly assignment = { topic: TOPIC, partition: 3 };
  position: number | null = 100;
  movedAt = 0;
}

/** A watch over one partition of a log that ends at `end`; null: no broker answers. */
function watching(t: TestContext) {
  t.mock.timers.enable({ apis: ['setInterval'] });
  const partition = new Partition();
  const log: { end: number | null } = { end: 100 };
  const failures: string[] = [];
  const offsets = async () => {
    if (log.end === null) throw new Error('no broker');
    return [{ partition: 3, beginning: 0, end: log.end }];
  };
  const watch = new StallWatch(
    () => [partition],
    offsets,
    (error) => failures.push(error.message),
  );
  t.after(() => watch.stop());
  /** Lets `seconds` pass, look by look. */
  const pass = async (seconds: number) => {
    for (let ms = 0; ms < seconds * 1_000; ms += LOOK_MS) {
      t.mock.timers.tick(LOOK_MS);
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  return { watch, partition, log, failures, pass };
}

test('a partition with records that nothing is fetched of is unhealthy after 20 s, and gives up after two minutes', async (t) => {
  const { watch, log, failures, pass } = watching(t);
  log.end = 101;
  await pass(20);
  assert.equal(watch.unhealthy(), null);
  await pass(10);
  assert.match(
    watch.unhealthy() ?? '',
    /^orders\/3: nothing was fetched for 2\d s, but the log has records up to 101$/,
  );
  assert.deepEqual(failures, []);
  await pass(100);
  assert.match(failures[0] ?? '', /nothing was fetched for 120 s/);
});

test('what is read to its end is healthy for ever, and what moves again is healthy again', async (t) => {
  const { watch, partition, log, failures, pass } = watching(t);
  await pass(600);
  assert.equal(watch.unhealthy(), null);
  log.end = 200;
  await pass(60);
  assert.notEqual(watch.unhealthy(), null);
  partition.movedAt += 1;
  partition.position = 150;
  await pass(5);
  assert.equal(watch.unhealthy(), null);
  for (let step = 0; step < 40; step += 1) {
    partition.movedAt += 1;
    await pass(15);
  }
  assert.deepEqual([watch.unhealthy(), failures], [null, []], 'slow is not stalled');
});

test('an outage, a handler at work and a halted partition are no stall', async (t) => {
  const { watch, partition, log, failures, pass } = watching(t);
  log.end = null;
  await pass(600);
  log.end = 300;
  await pass(15);
  assert.equal(watch.unhealthy(), null, 'it has had no time since the broker is back');
  partition.position = null;
  await pass(600);
  assert.equal(watch.unhealthy(), null);
  partition.position = 100;
  await pass(15);
  assert.deepEqual([watch.unhealthy(), failures], [null, []]);
});

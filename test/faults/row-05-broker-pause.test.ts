import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { eventually, sleep } from '../support/eventually.ts';
import { openFaultWorld } from './support/world.ts';

const PAUSE_MS = 15_000;

test('row 05: the broker stands still: services resume by themselves, and the lag is visible', async () => {
  const world = await openFaultWorld({ chunkSize: 256, seed: 501 });
  after(() => world.close());
  const members = [await world.start('aggregator'), await world.start('aggregator')];
  await Promise.all(members.map((member) => member.untilServing()));
  const stream = world.feeder.run(150, world.all);
  await sleep(2000);
  world.broker.signal('SIGSTOP');
  await sleep(PAUSE_MS);
  // Slows catching up, so that a lag that is told can be seen.
  world.proxy.slow(300, /INSERT/);
  world.broker.signal('SIGCONT');
  await eventually('a lag in the metrics', async () => {
    const lags = await Promise.all(members.map((member) => member.metric('driftline_lag_records')));
    return lags.some((lag) => lag > 0);
  });
  world.proxy.slow(0);
  await stream.stop();
  await world.verify();
  for (const member of members) {
    assert.equal(member.starts, 1);
    assert.ok(member.running, 'nobody had to start it again');
    await member.untilServing();
  }
});

import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { createPagerDutyChannel } from '../../../lib/adapters/pagerduty/index.ts';
import { createLocalPagerDuty } from '../../../services/pagerduty-local/index.ts';
import { alert } from '../../core/alerts/incident-fixtures.ts';
import { eventually } from '../../support/eventually.ts';
import { openHarness, ROUTING_KEY } from './harness.ts';

it('pages under the same key after SIGKILL between the acceptance and its record', { timeout: 180_000 }, async (t) => {
  const dir = await mkdtemp(join(tmpdir(), 'driftline-kill-'));
  let child: ChildProcess | null = null;
  // Taken by PagerDuty; whoever sent it never hears of it.
  const pagerduty = createLocalPagerDuty({
    port: 0,
    respond: () => {
      if (child === null) return null;
      child.kill('SIGKILL');
      child = null;
      return { kind: 'reset_after_accept' };
    },
  });
  await pagerduty.start();
  t.after(async () => {
    child?.kill('SIGKILL');
    await pagerduty.stop();
    await rm(dir, { recursive: true, force: true });
  });

  const script = fileURLToPath(new URL('./kill-child.ts', import.meta.url));
  const killed = spawn(process.execPath, ['--import', 'tsx', script, dir, pagerduty.url], { stdio: 'inherit' });
  child = killed;
  const [, signal] = (await once(killed, 'exit')) as [number | null, string | null];
  assert.equal(signal, 'SIGKILL');
  assert.equal(pagerduty.incidents().length, 1);

  const bench = await openHarness(1, dir);
  try {
    assert.equal((await bench.deliveries('sigkill'))[0]?.state, 'pending');
    const notifier = await bench.start([createPagerDutyChannel({ baseUrl: pagerduty.url, routingKey: ROUTING_KEY })]);
    const states = async () => (await bench.deliveries('sigkill')).map(({ action, state }) => `${action} ${state}`);
    await eventually('the trigger is recorded as sent', async () => (await states()).join() === 'trigger sent');
    await bench.publish(alert({ incident: 'sigkill', episode: 'sigkill-1', revision: 2, state: 'resolved' }));
    await eventually('the resolve is sent', async () => (await states()).join() === 'trigger sent,resolve sent');
    await notifier.stop();
  } finally {
    await bench.close();
  }
  assert.deepEqual(
    pagerduty.incidents().map(({ dedupKey, state, triggers }) => [dedupKey, state, triggers]),
    [['sigkill', 'resolved', 2]],
  );
});

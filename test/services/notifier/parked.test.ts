import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { createRegistry } from '../../../lib/runtime/metrics.ts';
import { eventually } from '../../support/eventually.ts';
import { openHarness } from './harness.ts';
import { of, suiteOn } from './suite.ts';

const PARKED = 'driftline_notifier_parked_deliveries';
const WRONG_KEY = 'e'.repeat(32);

const bench = await openHarness();
const { start, stopAll } = suiteOn(bench);
afterEach(() => bench.ctx.store.command('TRUNCATE TABLE delivery_rows'));
let registry = createRegistry();

/** Stops what runs, and starts a notifier with metrics of its own. */
const restart = async (options: { routingKey?: string; retryParked?: boolean } = {}): Promise<void> => {
  const { routingKey, retryParked } = options;
  await stopAll();
  registry = createRegistry();
  const channels = [bench.channel(routingKey === undefined ? {} : { routingKey })];
  await start(channels, { metrics: registry }, retryParked === undefined ? {} : { retryParked });
};
const states = async (incident: string): Promise<string[]> =>
  (await bench.deliveries(incident)).map(({ action, state }) => `${action} ${state}`);
const become = (incident: string, ...wanted: string[]) =>
  eventually(`${incident} is ${wanted.join()}`, async () => (await states(incident)).join() === wanted.join());
const gauge = async (): Promise<number> =>
  (await registry.getSingleMetric(PARKED)!.get()).values.find(({ labels }) => labels.channel === 'pagerduty')?.value ??
  0;
const counted = (parked: number) =>
  eventually(`${parked} are counted as parked`, async () => (await gauge()) === parked);
/** PagerDuty knows this key no more. */
const refuse = (key: string) =>
  bench.script((_, event) =>
    (event as { routing_key: string }).routing_key === key ? { kind: 'status', status: 400 } : null,
  );

test('parked deliveries: counts them in a gauge that a restart does not lose', async () => {
  refuse(WRONG_KEY);
  await restart({ routingKey: WRONG_KEY });
  await bench.publish(of('count-1'), of('count-2'));
  await become('count-1', 'trigger parked');
  await counted(2);
  await restart({ routingKey: WRONG_KEY });
  await counted(2);
  assert.deepEqual(bench.received('count-1'), ['trigger 400'], 'the same key is not tried again by itself');
});

test('parked deliveries: sends them through a mended routing key, and tells then that they were told', async () => {
  refuse(WRONG_KEY);
  await restart({ routingKey: WRONG_KEY });
  await bench.publish(of('mended', { revision: 1 }));
  await become('mended', 'trigger parked');
  await restart();
  await become('mended', 'trigger sent', 'trigger sent');
  assert.deepEqual(bench.received('mended'), ['trigger 400', 'trigger 202']);
  assert.match((await bench.deliveries('mended'))[0]!.reason, /told by the newer notice mended\/1\/trigger\/2/);
  await counted(0);
  await bench.publish(of('mended', { revision: 2, state: 'resolved' }));
  await become('mended', 'trigger sent', 'trigger sent', 'resolve sent');
  await restart();
  await restart({ routingKey: WRONG_KEY });
  assert.deepEqual(bench.received('mended'), ['trigger 400', 'trigger 202', 'resolve 202'], 'nothing is said twice');
});

test('parked deliveries: tells whole, through a mended key, what was over by then', async () => {
  refuse(WRONG_KEY);
  await restart({ routingKey: WRONG_KEY });
  await bench.publish(of('over', { revision: 1 }));
  await become('over', 'trigger parked');
  await bench.publish(of('over', { revision: 2, state: 'resolved' }));
  await eventually(
    'the incident is recorded as resolved',
    async () =>
      (await bench.ctx.store.query("SELECT 1 FROM incidents WHERE incident = 'over' AND state = 'resolved'")).length ===
      1,
  );
  await restart();
  await become('over', 'trigger sent', 'trigger sent', 'resolve sent');
  assert.deepEqual(bench.received('over'), ['trigger 400', 'trigger 202', 'resolve 202']);
});

test('parked deliveries: resolves through the key that triggered once that is back', async () => {
  await restart();
  await bench.publish(of('back', { revision: 1 }));
  await become('back', 'trigger sent');
  await restart({ routingKey: 'b'.repeat(32) });
  await bench.publish(of('back', { revision: 2, state: 'resolved' }));
  await become('back', 'trigger sent', 'resolve parked');
  await counted(1);
  await restart();
  await become('back', 'trigger sent', 'resolve sent', 'resolve sent');
  assert.deepEqual(bench.received('back'), ['trigger 202', 'resolve 202']);
  await counted(0);
});

test('parked deliveries: tries the same key again when an operator asks for it, once a start', async () => {
  refuse('a'.repeat(32));
  await restart();
  await bench.publish(of('asked', { revision: 1 }));
  await become('asked', 'trigger parked');
  await restart({ retryParked: true });
  await become('asked', 'trigger parked', 'trigger parked');
  assert.deepEqual(bench.received('asked'), ['trigger 400', 'trigger 400']);
  await counted(2);
  bench.script(null);
  await restart({ retryParked: true });
  await become('asked', 'trigger sent', 'trigger sent', 'trigger sent');
  await counted(0);
});

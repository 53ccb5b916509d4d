import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from '../../../lib/ports/log.ts';
import { insertAlertEvents } from '../../../lib/tables/alerts.ts';
import { eventually } from '../../support/eventually.ts';
import { replacing } from '../../support/replacing.ts';
import { openHarness, withFailures } from './harness.ts';
import { of, suiteOn } from './suite.ts';

const bench = await openHarness();
const { start, settled } = suiteOn(bench);

test('notifier: tells an incident whole that was over before the notifier came', async () => {
  await bench.publish(of('before', { revision: 1 }), of('before', { revision: 2, state: 'resolved' }));
  await start();
  await settled('before', 2);
  assert.deepEqual(bench.received('before'), ['trigger 202', 'resolve 202']);
  const told = bench.pagerduty
    .events()
    .slice(-2)
    .map(({ body }) => (body as { payload: { summary: string } }).payload.summary);
  assert.match(told[0] ?? '', /^Drift in car-loan v1 since .*: salary_range\. .*Retrain/, 'the page tells what it was');
  assert.match(told[1] ?? '', /^Resolved: /);
});

test('notifier: still pages after a stop between the outbox and the send', async () => {
  bench.script(() => ({ kind: 'status', status: 503 }));
  const first = await start();
  await bench.publish(of('restart', { revision: 1 }));
  await eventually('an attempt was made', () => bench.received('restart').length > 0);
  await first.stop();
  const [left] = await bench.deliveries('restart');
  assert.equal(left?.state, 'pending');
  const gauge = await bench.ctx.metrics.getSingleMetricAsString('driftline_notifier_pending_deliveries');
  assert.match(gauge, /\{channel="pagerduty"\} 0$/m, 'a notifier that has stopped holds nothing');
  bench.script(null);
  const sent = bench.received('restart').length;
  await start();
  await settled('restart', 1);
  assert.deepEqual(bench.received('restart').slice(sent), ['trigger 202']);
});

test('notifier: says nothing while the group may have given its incidents to another', async () => {
  let certain = false;
  const { log } = bench.ctx;
  const consume: Log['consume'] = async (options) => replacing(await log.consume(options), { certain: () => certain });
  await start(undefined, { log: replacing(log, { consume }) });
  await bench.publish(of('woken', { revision: 1 }));
  await eventually('the outbox', async () => (await bench.deliveries('woken')).length === 1);
  await sleep(500);
  assert.deepEqual(bench.received('woken'), []);
  certain = true;
  await settled('woken', 1);
  assert.deepEqual(bench.received('woken'), ['trigger 202']);
});

test('notifier: sends again, under the same key, after a kill between the send and its record', async () => {
  const first = await start(undefined, {
    store: withFailures(
      bench.ctx.store,
      (table, rows) => table === 'delivery_rows' && rows.some((row) => row.state === 'sent'),
    ),
  });
  await bench.publish(of('killed', { revision: 1 }));
  await eventually('the trigger was sent', () => bench.received('killed').length > 0);
  await first.stop();
  assert.equal((await bench.deliveries('killed'))[0]?.state, 'pending');
  await start();
  await settled('killed', 1);
  await bench.publish(of('killed', { revision: 2, state: 'resolved' }));
  await settled('killed', 2);
  assert.deepEqual(bench.received('killed'), ['trigger 202', 'trigger 202', 'resolve 202']);
  const incidents = bench.pagerduty.incidents().filter((incident) => incident.dedupKey === 'killed');
  assert.deepEqual(
    incidents.map(({ state, triggers }) => [state, triggers]),
    [['resolved', 2]],
  );
});

test('notifier: pages after a kill between the incident and the outbox', async () => {
  const first = await start(undefined, {
    store: withFailures(bench.ctx.store, (table) => table === 'delivery_rows'),
  });
  await bench.publish(of('halfway', { revision: 1 }));
  const recorded = () => bench.ctx.store.query("SELECT 1 FROM incidents WHERE incident = 'halfway'");
  await eventually('the incident is recorded', async () => (await recorded()).length === 1);
  void first.stop();
  await sleep(50);
  assert.deepEqual(await bench.deliveries('halfway'), []);
  assert.deepEqual(bench.received('halfway'), [], 'nothing is sent before it is in the outbox');
  await first.stop();
  await start();
  await settled('halfway', 1);
  assert.deepEqual(bench.received('halfway'), ['trigger 202']);
});

test('notifier: takes up an incident whose alert event it never saw', async () => {
  await insertAlertEvents(bench.ctx.store, [of('unseen', { revision: 1 })]);
  await start();
  await settled('unseen', 1);
  assert.deepEqual(bench.received('unseen'), ['trigger 202']);
});

test('notifier: waits out a store that does not answer, says so, and loses nothing', async () => {
  let down = false;
  const flaky = withFailures(bench.ctx.store, () => down);
  const notifier = await start(undefined, { store: flaky });
  down = true;
  await bench.publish(of('outage', { revision: 1 }));
  await eventually('the notifier says that the store is down', () => /store/.test(notifier.notReady() ?? ''));
  assert.deepEqual(bench.received('outage'), []);
  down = false;
  await settled('outage', 1);
  await eventually('the notifier is ready again', () => notifier.notReady() === null);
  assert.deepEqual(bench.received('outage'), ['trigger 202']);
});

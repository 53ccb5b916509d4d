import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually } from '../../support/eventually.ts';
import { openHarness } from './harness.ts';
import { of, suiteOn } from './suite.ts';

const bench = await openHarness();
const { start, settled } = suiteOn(bench);

test('notifier: retries 429, 500, a hang and a reset, and resolves last', async () => {
  const faults = [
    { kind: 'status', status: 429, retryAfter: '0.05' },
    { kind: 'status', status: 500 },
    { kind: 'hang' },
    { kind: 'reset' },
    { kind: 'reset_after_accept' },
  ] as const;
  let next = 0;
  bench.script(() => faults[next++] ?? null);
  await start([bench.channel({ timeoutMs: 1000 })]);
  await bench.publish(of('faulty', { revision: 1 }));
  await bench.publish(of('faulty', { revision: 2, state: 'resolved' }));
  await settled('faulty', 2);
  assert.deepEqual(bench.received('faulty'), [
    'trigger 429',
    'trigger 500',
    'trigger 0',
    'trigger 0',
    'trigger 0',
    'trigger 202',
    'resolve 202',
  ]);
  assert.equal(bench.pagerduty.incidents().filter((incident) => incident.dedupKey === 'faulty').length, 1);
  assert.equal((await bench.deliveries('faulty'))[0]?.attempt, 6);
});

test('notifier: pauses the whole account after 429, not only the incident that met it', async () => {
  let first = true;
  bench.script(() => {
    const fault = first ? ({ kind: 'status', status: 429, retryAfter: '0.4' } as const) : null;
    first = false;
    return fault;
  });
  await start();
  await bench.publish(of('limited', { revision: 1 }));
  await eventually('the limit was met', () => bench.received('limited').length > 0);
  await bench.publish(of('bystander', { revision: 1 }));
  await settled('limited', 1);
  await settled('bystander', 1);
  const [refused, ...accepted] = bench.pagerduty
    .events()
    .slice(-3)
    .map((event) => Date.parse(event.received_at));
  for (const at of accepted) assert.ok(at - (refused ?? 0) >= 395, `${at - (refused ?? 0)} ms after the limit`);
  assert.deepEqual(bench.received('bystander'), ['trigger 202']);
});

test('notifier: parks a 400, shows it, does not resolve it, and pages again on news', async () => {
  bench.script(() => ({ kind: 'status', status: 400 }));
  await start();
  await bench.publish(of('refused', { revision: 1, severity: 'warning' }));
  await settled('refused', 1);
  const [parked] = await bench.deliveries('refused');
  assert.deepEqual([parked?.state, parked?.status, parked?.attempt], ['parked', 400, 1]);
  assert.match(parked?.reason ?? '', /HTTP 400/);
  bench.script(null);
  await bench.publish(of('refused', { revision: 2, severity: 'error' }));
  await settled('refused', 2);
  await bench.publish(of('refused', { revision: 3, severity: 'error', state: 'resolved' }));
  await settled('refused', 3);
  assert.deepEqual(bench.received('refused'), ['trigger 400', 'trigger 202', 'resolve 202']);
});

test('notifier: resolves nothing where every trigger was parked', async () => {
  bench.script(() => ({ kind: 'status', status: 400 }));
  await start();
  await bench.publish(of('never', { revision: 1 }));
  await settled('never', 1);
  await bench.publish(of('never', { revision: 2, state: 'resolved' }));
  const state = () => bench.ctx.store.query<{ state: string }>("SELECT state FROM incidents WHERE incident = 'never'");
  await eventually('the incident is resolved', async () => (await state())[0]?.state === 'resolved');
  assert.deepEqual(bench.received('never'), ['trigger 400']);
});

test('notifier: parks a resolve that waited behind a trigger which was then refused', async () => {
  let status = 503;
  bench.script(() => ({ kind: 'status', status }));
  await start();
  await bench.publish(of('behind', { revision: 1 }));
  await eventually('an attempt was made', () => bench.received('behind').length > 0);
  await bench.publish(of('behind', { revision: 2, state: 'resolved' }));
  await eventually('the resolve is in the outbox', async () => (await bench.deliveries('behind')).length === 2);
  status = 400;
  await settled('behind', 2);
  assert.deepEqual(
    (await bench.deliveries('behind')).map(({ action, state }) => [action, state]),
    [
      ['trigger', 'parked'],
      ['resolve', 'parked'],
    ],
  );
  assert.ok(bench.received('behind').every((line) => line.startsWith('trigger')));
});

test('notifier: parks a resolve that would go through another routing key than its trigger', async () => {
  const first = await start();
  await bench.publish(of('moved', { revision: 1 }));
  await settled('moved', 1);
  await first.stop();
  await start([bench.channel({ routingKey: 'b'.repeat(32) })]);
  await bench.publish(of('moved', { revision: 2, state: 'resolved' }));
  await settled('moved', 2);
  const [, resolve] = await bench.deliveries('moved');
  assert.equal(resolve?.state, 'parked');
  assert.match(resolve?.reason ?? '', /another account .* by hand/);
  assert.deepEqual(bench.received('moved'), ['trigger 202']);
});

test('notifier: stops in bounded time while the channel hangs', async () => {
  bench.script(() => ({ kind: 'hang' }));
  const notifier = await start([bench.channel({ timeoutMs: 500 })]);
  await bench.publish(of('hanging', { revision: 1 }));
  await eventually('an attempt was made', () => bench.received('hanging').length > 0);
  const began = Date.now();
  await Promise.all([notifier.stop(), notifier.stop()]);
  assert.ok(Date.now() - began < 15_000);
});

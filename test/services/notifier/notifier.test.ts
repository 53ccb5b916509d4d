import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { TOPICS } from '../../../lib/core/messages/types.ts';
import type { Service } from '../../../lib/runtime/service.ts';
import { insertAlertEvents } from '../../../lib/tables/alerts.ts';
import { pendingIncidents } from '../../../lib/tables/deliveries.ts';
import { alert, DAY, member, START } from '../../core/alerts/incident-fixtures.ts';
import { type Harness, openHarness, until, withFailures } from './harness.ts';

describe('notifier', () => {
  let bench: Harness;
  const running: Service[] = [];
  before(async () => {
    bench = await openHarness();
  });
  after(() => bench.close());
  afterEach(async () => {
    bench.script(null);
    await Promise.all(running.splice(0).map((service) => service.stop()));
  });
  const start = async (...args: Parameters<Harness['start']>): Promise<Service> => {
    const service = await bench.start(...args);
    running.push(service);
    return service;
  };
  const of = (incident: string, changes: Parameters<typeof alert>[0] = {}) =>
    alert({ incident, episode: `${incident}-e1`, ...changes });
  const settled = (incident: string, count: number) =>
    until(async () => {
      const rows = await bench.deliveries(incident);
      return rows.length === count && rows.every((row) => row.state !== 'pending');
    }, `${count} deliveries of ${incident} are made`);

  it('sends exactly one trigger and then one resolve, with the same key', async () => {
    await start();
    await bench.publish(of('once', { revision: 1, state: 'pending', incident: null }));
    await bench.publish(of('once', { revision: 2 }));
    await settled('once', 1);
    await bench.publish(of('once', { revision: 3, state: 'updated', members: [member('salary_range', 2)] }));
    await bench.publish(of('once', { revision: 2, severity: 'critical' }));
    await bench.publish(of('once', { revision: 4, state: 'resolved', asOf: START + 9 * DAY }));
    await settled('once', 2);
    assert.deepEqual(bench.received('once'), ['trigger 202', 'resolve 202']);
    assert.deepEqual(
      (await bench.deliveries('once')).map(({ action, dedup_key, attempt, status, state }) => [
        action,
        dedup_key,
        attempt,
        status,
        state,
      ]),
      [
        ['trigger', 'once', 1, 202, 'sent'],
        ['resolve', 'once', 1, 202, 'sent'],
      ],
    );
    const rows = await bench.ctx.store.query(
      `SELECT model, state, severity, summary, toUnixTimestamp64Milli(since) AS since,
         toUnixTimestamp64Milli(resolved_at) AS resolved_at, members, url FROM incidents WHERE incident = 'once'`,
    );
    assert.equal(rows.length, 1);
    const { summary, ...row } = rows[0] as Record<string, unknown>;
    assert.match(String(summary), /^Resolved: drift in car-loan v1 from /);
    assert.deepEqual(row, {
      model: 'car-loan',
      state: 'resolved',
      severity: 'error',
      since: START,
      resolved_at: START + 9 * DAY,
      members: ['salary_range'],
      url: 'http://127.0.0.1:8080/incidents/once',
    });
  });

  it('makes one incident of many alerts that come together', async () => {
    await start();
    const alerts = Array.from({ length: 200 }, (_, i) => of('many', { episode: `many-${i}`, segment: `zip=${i}` }));
    await bench.publish(...alerts);
    await until(() => bench.received('many').length > 0, 'a trigger came');
    await until(async () => (await pendingIncidents(bench.ctx.store)).length === 0, 'nothing is pending');
    assert.ok(bench.received('many').length <= 2, `${bench.received('many').length} triggers`);
    assert.equal(bench.pagerduty.incidents().filter((incident) => incident.dedupKey === 'many').length, 1);
  });

  it('pages a raised severity and a new member again, under the same key', async () => {
    await start();
    await bench.publish(of('grows', { revision: 1, severity: 'warning' }));
    await settled('grows', 1);
    await bench.publish(of('grows', { revision: 2, severity: 'critical' }));
    await settled('grows', 2);
    await bench.publish(
      of('grows', { revision: 3, severity: 'critical', members: [member('salary_range'), member('size')] }),
    );
    await settled('grows', 3);
    const incidents = bench.pagerduty.incidents().filter((incident) => incident.dedupKey === 'grows');
    assert.deepEqual(
      incidents.map(({ state, severity, triggers }) => [state, severity, triggers]),
      [['triggered', 'critical', 3]],
    );
  });

  it('tells an incident whole that was over before the notifier came', async () => {
    await bench.publish(of('before', { revision: 1 }), of('before', { revision: 2, state: 'resolved' }));
    await start();
    await settled('before', 2);
    assert.deepEqual(bench.received('before'), ['trigger 202', 'resolve 202']);
    const told = bench.pagerduty
      .events()
      .slice(-2)
      .map(({ body }) => (body as { payload: { summary: string } }).payload.summary);
    assert.match(
      told[0] ?? '',
      /^Drift in car-loan v1 since .*: salary_range\. .*Retrain/,
      'the page tells what it was',
    );
    assert.match(told[1] ?? '', /^Resolved: /);
  });

  it('retries 429, 500, a hang and a reset, and resolves last', async () => {
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

  it('pauses the whole account after 429, not only the incident that met it', async () => {
    let first = true;
    bench.script(() => {
      const fault = first ? ({ kind: 'status', status: 429, retryAfter: '0.4' } as const) : null;
      first = false;
      return fault;
    });
    await start();
    await bench.publish(of('limited', { revision: 1 }));
    await until(() => bench.received('limited').length > 0, 'the limit was met');
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

  it('parks a 400, shows it, does not resolve it, and pages again on news', async () => {
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

  it('resolves nothing where every trigger was parked', async () => {
    bench.script(() => ({ kind: 'status', status: 400 }));
    await start();
    await bench.publish(of('never', { revision: 1 }));
    await settled('never', 1);
    await bench.publish(of('never', { revision: 2, state: 'resolved' }));
    const state = () =>
      bench.ctx.store.query<{ state: string }>("SELECT state FROM incidents WHERE incident = 'never'");
    await until(async () => (await state())[0]?.state === 'resolved', 'the incident is resolved');
    assert.deepEqual(bench.received('never'), ['trigger 400']);
  });

  it('parks a resolve that waited behind a trigger which was then refused', async () => {
    let status = 503;
    bench.script(() => ({ kind: 'status', status }));
    await start();
    await bench.publish(of('behind', { revision: 1 }));
    await until(() => bench.received('behind').length > 0, 'an attempt was made');
    await bench.publish(of('behind', { revision: 2, state: 'resolved' }));
    await until(async () => (await bench.deliveries('behind')).length === 2, 'the resolve is in the outbox');
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

  it('still pages after a stop between the outbox and the send', async () => {
    bench.script(() => ({ kind: 'status', status: 503 }));
    const first = await start();
    await bench.publish(of('restart', { revision: 1 }));
    await until(() => bench.received('restart').length > 0, 'an attempt was made');
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

  it('sends again, under the same key, after a kill between the send and its record', async () => {
    const first = await start(undefined, {
      store: withFailures(
        bench.ctx.store,
        (table, rows) => table === 'delivery_rows' && rows.some((row) => row.state === 'sent'),
      ),
    });
    await bench.publish(of('killed', { revision: 1 }));
    await until(() => bench.received('killed').length > 0, 'the trigger was sent');
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

  it('pages after a kill between the incident and the outbox', async () => {
    const first = await start(undefined, {
      store: withFailures(bench.ctx.store, (table) => table === 'delivery_rows'),
    });
    await bench.publish(of('halfway', { revision: 1 }));
    const recorded = () => bench.ctx.store.query("SELECT 1 FROM incidents WHERE incident = 'halfway'");
    await until(async () => (await recorded()).length === 1, 'the incident is recorded');
    void first.stop();
    await sleep(50);
    assert.deepEqual(await bench.deliveries('halfway'), []);
    assert.deepEqual(bench.received('halfway'), [], 'nothing is sent before it is in the outbox');
    await first.stop();
    await start();
    await settled('halfway', 1);
    assert.deepEqual(bench.received('halfway'), ['trigger 202']);
  });

  it('sends only the newest of several waiting triggers, and counts the older as told', async () => {
    bench.script(() => ({ kind: 'status', status: 503 }));
    await start();
    await bench.publish(of('newest', { revision: 1, severity: 'warning' }));
    await until(() => bench.received('newest').length > 0, 'an attempt was made');
    await bench.publish(of('newest', { revision: 2, severity: 'critical' }));
    await until(async () => (await bench.deliveries('newest')).length === 2, 'both are in the outbox');
    await bench.publish(of('newest', { revision: 3, severity: 'critical', state: 'resolved' }));
    await until(async () => (await bench.deliveries('newest')).length === 3, 'the resolve is in the outbox');
    bench.script(null);
    await settled('newest', 3);
    const accepted = bench.received('newest').filter((line) => line.endsWith('202'));
    assert.deepEqual(accepted, ['trigger 202', 'resolve 202']);
    assert.match((await bench.deliveries('newest'))[0]?.reason ?? '', /told by the newer notice/);
  });

  it('takes up an incident whose alert event it never saw', async () => {
    await insertAlertEvents(bench.ctx.store, [of('unseen', { revision: 1 })]);
    await start();
    await settled('unseen', 1);
    assert.deepEqual(bench.received('unseen'), ['trigger 202']);
  });

  it('records incidents and warns where no channel is configured', async () => {
    const warnings: string[] = [];
    const logger = bench.ctx.logger.child({}, { level: 'warn' });
    logger.warn = (...args: unknown[]) => void warnings.push(args.map(String).join(' '));
    await start([], { logger });
    await bench.publish(of('silent', { revision: 1 }));
    await until(
      async () => (await bench.ctx.store.query("SELECT 1 FROM incidents WHERE incident = 'silent'")).length === 1,
      'the incident is recorded',
    );
    assert.ok(
      warnings.some((line) => /nobody is paged/.test(line)),
      warnings.join('\n'),
    );
    assert.deepEqual(await bench.deliveries('silent'), []);
  });

  it('parks a resolve that would go through another routing key than its trigger', async () => {
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

  it('sends unreadable records to the dead letters and goes on with their neighbours', async () => {
    await start();
    const { log } = bench.ctx;
    const partition = await log.partitionOf(TOPICS.alerts, 'car-loan');
    await log.append(TOPICS.alerts, [
      { key: 'car-loan', value: 'nonsense', partition },
      { key: 'car-loan', value: null, partition },
      { key: 'car-loan', value: bench.ctx.codec.encodeAlert(of('bad-time', { since: 1e15 })), partition },
    ]);
    await bench.publish(of('neighbour', { revision: 1 }));
    await settled('neighbour', 1);
    const ends = await log.offsets(TOPICS.deadLetters);
    assert.equal(
      ends.reduce((sum, { end }) => sum + end, 0),
      2,
    );
    assert.deepEqual(bench.received('bad-time'), []);
  });

  it('waits out a store that does not answer, says so, and loses nothing', async () => {
    let down = false;
    const flaky = withFailures(bench.ctx.store, () => down);
    const notifier = await start(undefined, { store: flaky });
    down = true;
    await bench.publish(of('outage', { revision: 1 }));
    await until(() => /store/.test(notifier.notReady() ?? ''), 'the notifier says that the store is down');
    assert.deepEqual(bench.received('outage'), []);
    down = false;
    await settled('outage', 1);
    await until(() => notifier.notReady() === null, 'the notifier is ready again');
    assert.deepEqual(bench.received('outage'), ['trigger 202']);
  });

  it('shares the models with a second notifier, and neither pages twice', async () => {
    await start();
    await start();
    const models = Array.from({ length: 8 }, (_, i) => `model-${i}`);
    await bench.publish(...models.map((model) => of(`shared-${model}`, { model, revision: 1 })));
    for (const model of models) await settled(`shared-${model}`, 1);
    await sleep(50);
    for (const model of models) assert.deepEqual(bench.received(`shared-${model}`), ['trigger 202'], model);
  });

  it('stops in bounded time while the channel hangs', async () => {
    bench.script(() => ({ kind: 'hang' }));
    const notifier = await start([bench.channel({ timeoutMs: 500 })]);
    await bench.publish(of('hanging', { revision: 1 }));
    await until(() => bench.received('hanging').length > 0, 'an attempt was made');
    const began = Date.now();
    await Promise.all([notifier.stop(), notifier.stop()]);
    assert.ok(Date.now() - began < 15_000);
  });
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { TOPICS } from '../../../lib/core/messages/types.ts';
import { pendingIncidents } from '../../../lib/tables/deliveries.ts';
import { DAY, member, START } from '../../core/alerts/incident-fixtures.ts';
import { eventually } from '../../support/eventually.ts';
import { openHarness } from './harness.ts';
import { of, suiteOn } from './suite.ts';

const bench = await openHarness();
const { start, settled } = suiteOn(bench);

test('notifier: sends exactly one trigger and then one resolve, with the same key', async () => {
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

test('notifier: makes one incident of many alerts that come together', async () => {
  await start();
  const alerts = Array.from({ length: 200 }, (_, i) => of('many', { episode: `many-${i}`, segment: `zip=${i}` }));
  await bench.publish(...alerts);
  await eventually('a trigger came', () => bench.received('many').length > 0);
  await eventually('nothing is pending', async () => (await pendingIncidents(bench.ctx.store)).length === 0);
  assert.ok(bench.received('many').length <= 2, `${bench.received('many').length} triggers`);
  assert.equal(bench.pagerduty.incidents().filter((incident) => incident.dedupKey === 'many').length, 1);
});

test('notifier: pages a raised severity and a new member again, under the same key', async () => {
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

test('notifier: sends only the newest of several waiting triggers, and counts the older as told', async () => {
  bench.script(() => ({ kind: 'status', status: 503 }));
  await start();
  await bench.publish(of('newest', { revision: 1, severity: 'warning' }));
  await eventually('an attempt was made', () => bench.received('newest').length > 0);
  await bench.publish(of('newest', { revision: 2, severity: 'critical' }));
  await eventually('both are in the outbox', async () => (await bench.deliveries('newest')).length === 2);
  await bench.publish(of('newest', { revision: 3, severity: 'critical', state: 'resolved' }));
  await eventually('the resolve is in the outbox', async () => (await bench.deliveries('newest')).length === 3);
  bench.script(null);
  await settled('newest', 3);
  const accepted = bench.received('newest').filter((line) => line.endsWith('202'));
  assert.deepEqual(accepted, ['trigger 202', 'resolve 202']);
  assert.match((await bench.deliveries('newest'))[0]?.reason ?? '', /told by the newer notice/);
});

test('notifier: records incidents and warns where no channel is configured', async () => {
  const warnings: string[] = [];
  const logger = bench.ctx.logger.child({}, { level: 'warn' });
  logger.warn = (...args: unknown[]) => void warnings.push(args.map(String).join(' '));
  await start([], { logger });
  await bench.publish(of('silent', { revision: 1 }));
  await eventually(
    'the incident is recorded',
    async () => (await bench.ctx.store.query("SELECT 1 FROM incidents WHERE incident = 'silent'")).length === 1,
  );
  assert.ok(
    warnings.some((line) => /nobody is paged/.test(line)),
    warnings.join('\n'),
  );
  assert.deepEqual(await bench.deliveries('silent'), []);
});

test('notifier: sends unreadable records to the dead letters and goes on with their neighbours', async () => {
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

test('notifier: shares the models with a second notifier, and neither pages twice', async () => {
  await start();
  await start();
  const models = Array.from({ length: 8 }, (_, i) => `model-${i}`);
  await bench.publish(...models.map((model) => of(`shared-${model}`, { model, revision: 1 })));
  for (const model of models) await settled(`shared-${model}`, 1);
  await sleep(50);
  for (const model of models) assert.deepEqual(bench.received(`shared-${model}`), ['trigger 202'], model);
});

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import type { Fault } from '../../services/pagerduty-local/enqueue.ts';
import { eventually } from '../support/eventually.ts';
import { Notices } from './support/notices.ts';
import { openFaultWorld } from './support/world.ts';

const RETRY_AFTER_S = 2;

/** What meets the attempts of an incident, by its name; afterwards it is taken. */
const TROUBLES: Readonly<Record<string, readonly Fault[]>> = {
  limited: [{ kind: 'status', status: 429, retryAfter: String(RETRY_AFTER_S) }],
  failing: [
    { kind: 'status', status: 500 },
    { kind: 'status', status: 503 },
  ],
  hanging: [{ kind: 'hang' }],
  reset: [{ kind: 'reset' }, { kind: 'reset' }],
  'taken-then-reset': [{ kind: 'reset_after_accept' }],
  refused: Array.from({ length: 100 }, () => ({ kind: 'status', status: 400 })),
  untroubled: [],
};
const NAMES = Object.keys(TROUBLES).flatMap((trouble) => [`${trouble}.1`, `${trouble}.2`]);
const REFUSED = NAMES.filter((name) => name.startsWith('refused'));
const TAKEN = NAMES.filter((name) => !REFUSED.includes(name));

function trouble(incident: string, attempt: number): Fault | null {
  return TROUBLES[incident.split('.')[0]!]?.[attempt] ?? null;
}

test('row 25: PagerDuty 429, 500, hang, reset, reset after accept, 400: one key an incident, the resolve last, 400 parked and visible, never zero pages', async () => {
  const world = await openFaultWorld({ partitions: 2, seed: 2501 });
  after(() => world.close());
  const notices = await Notices.open(world, trouble);
  after(() => notices.close());
  const notifiers = [await world.start('notifier', notices.env), await world.start('notifier', notices.env)];
  await Promise.all(notifiers.map((notifier) => notifier.untilServing()));

  await notices.publish(NAMES, { revision: 1 });
  await eventually('every trigger sent or parked', () => notices.ended('trigger', NAMES.length), 90_000);
  await notices.publish(NAMES, { revision: 2, state: 'resolved' });
  await eventually('every resolve sent', () => notices.ended('resolve', TAKEN.length), 90_000);

  const kept = notices.kept();
  assert.deepEqual([...kept.keys()].sort(), [...TAKEN].sort(), 'a page for each, under its own key');
  for (const name of TAKEN) {
    assert.deepEqual(kept.get(name), ['resolved'], `${name} is one incident, and resolved`);
    const requests = notices.requests(name);
    const troubles = TROUBLES[name.split('.')[0]!]!.length;
    assert.ok(requests.length >= troubles + 2, `${name}: ${JSON.stringify(requests)}`);
    assert.deepEqual(requests.at(-1), { ...requests.at(-1), action: 'resolve', status: 202 });
    const firstResolve = requests.findIndex(({ action }) => action === 'resolve');
    assert.ok(
      requests.slice(0, firstResolve).some(({ action, status }) => action === 'trigger' && status === 202),
      `${name} was resolved before its trigger was accepted: ${JSON.stringify(requests)}`,
    );
  }
  for (const name of NAMES.filter((incident) => incident.startsWith('limited'))) {
    const [refused, again] = notices.requests(name);
    assert.ok(again!.at - refused!.at >= RETRY_AFTER_S * 1_000 - 10, `${name} waited ${again!.at - refused!.at} ms`);
  }
  for (const name of REFUSED) {
    assert.deepEqual(
      notices.requests(name).map(({ action, status }) => `${action} ${status}`),
      ['trigger 400'],
    );
  }
  const parked = (await notices.deliveries()).filter(({ state }) => state === 'parked');
  assert.deepEqual(
    parked.map(({ incident, action, status }) => [incident, action, status]),
    REFUSED.map((incident) => [incident, 'trigger', 400]),
  );
  for (const { reason } of parked) assert.match(reason, /HTTP 400/);
  const gauge = 'driftline_notifier_parked_deliveries';
  const counted = async () => (await notifiers[0]!.metric(gauge)) + (await notifiers[1]!.metric(gauge));
  await eventually('the gauges of both make all that is parked', async () => (await counted()) === REFUSED.length);
  for (const notifier of notifiers) await notifier.restart();
  await eventually('the same after a restart', async () => (await counted().catch(() => -1)) === REFUSED.length);
});

/** Where a notifier is killed, in the order in which it works. */
const POINTS = [
  { name: 'the incident is about to be written', at: 'before', match: /^INSERT INTO `incident_rows`/ },
  { name: 'the incident is written', at: 'after', match: /^INSERT INTO `incident_rows`/ },
  {
    name: 'the outbox is about to be written',
    at: 'before',
    match: /^INSERT INTO `delivery_rows`[\s\S]*"state":"pending"/,
  },
  {
    name: 'the outbox is written, nothing sent',
    at: 'after',
    match: /^INSERT INTO `delivery_rows`[\s\S]*"state":"pending"/,
  },
  { name: 'sent, about to be recorded', at: 'before', match: /^INSERT INTO `delivery_rows`[\s\S]*"state":"sent"/ },
  { name: 'sent and recorded', at: 'after', match: /^INSERT INTO `delivery_rows`[\s\S]*"state":"sent"/ },
] as const;

test('row 25: a notifier killed between incident, outbox, send and record, with another beside it: at least one page, one key, the resolve last', async () => {
  const world = await openFaultWorld({ partitions: 2, sessionTimeout: '1s', seed: 2502 });
  after(() => world.close());
  const notices = await Notices.open(world);
  after(() => notices.close());
  const notifiers = [await world.start('notifier', notices.env), await world.start('notifier', notices.env)];
  const told: string[] = [];
  const killAt = async (point: (typeof POINTS)[number], act: () => Promise<void>) => {
    const rule = world.proxy.arm({ match: point.match, at: point.at, act: 'kill' });
    await act();
    await eventually(`killed when ${point.name}`, () => rule.used() === 1);
    const dead = await eventually('the dead notifier', () => notifiers.find((notifier) => !notifier.running));
    dead!.spawn();
  };
  for (const [number, point] of POINTS.entries()) {
    const incidents = [`kill-${number}.1`, `kill-${number}.2`, `kill-${number}.3`];
    told.push(...incidents);
    await killAt(point, () => notices.publish(incidents, { revision: 1 }));
    await eventually(`pages after: ${point.name}`, () => notices.ended('trigger', told.length));
  }
  const half = told.length / 2;
  for (const [number, point] of POINTS.slice(-2).entries()) {
    const over = told.slice(number * half, (number + 1) * half);
    await killAt(point, () => notices.publish(over, { revision: 2, state: 'resolved' }));
    await eventually(`resolves after: ${point.name}`, () => notices.ended('resolve', (number + 1) * half));
  }
  const kept = notices.kept();
  assert.deepEqual([...kept.keys()].sort(), [...told].sort());
  for (const incident of told) {
    assert.deepEqual(kept.get(incident), ['resolved'], `${incident} is one incident, and resolved`);
    const actions = notices.requests(incident).map(({ action }) => action);
    assert.deepEqual(actions, [...actions].sort().reverse(), `${incident}: a trigger after a resolve`);
  }
  const recorded = await notices.deliveries();
  assert.deepEqual(
    recorded.filter(({ state }) => state !== 'sent'),
    [],
  );
  for (const { incident, dedup_key } of recorded) assert.equal(dedup_key, incident);
});

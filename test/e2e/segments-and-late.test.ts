import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { eventually } from '../support/eventually.ts';
import { openStandaloneWorld, type StandaloneWorld } from '../support/standalone-world.ts';

const HOUR = 3_600_000;
const START = Date.UTC(2025, 5, 2);
const DELAY = 60_000;
const EAST = 9_500;
const WEST = 500;

/** A value in [0, 1) for each index: every window and segment has the reference's own distribution. */
const spread = (index: number, step: number): number => ((index * step) % 1009) / 1009;

function reference(): string {
  const rows = Array.from({ length: 10_090 }, (_, index) => `${100 * spread(index, 7)},${10 * spread(index, 131)}`);
  return `amount,size\n${rows.join('\n')}\n`;
}

interface Shift {
  amount?: number;
  size?: number;
}

let serial = 0;
function events(window: number, region: string, count: number, { amount = 1, size = 1 }: Shift = {}): object[] {
  return Array.from({ length: count }, (_, index) => {
    serial += 1;
    return {
      prediction_id: `p${serial}`,
      model: 'orders',
      timestamp: START + window * HOUR + Math.floor((index / count) * HOUR),
      features: { amount: 100 * amount * spread(index, 7), size: 10 * size * spread(index, 131) },
      segments: { region },
    };
  });
}

let world: StandaloneWorld;
before(async () => {
  world = await openStandaloneWorld({
    files: { 'reference.csv': reference() },
    config: [
      'log: {kind: embedded, partitions: 3}',
      `aggregation: {flush_interval: 200ms, allowed_delay: ${DELAY}ms, horizon: 6h}`,
      'models:',
      '  - {name: orders, window: 1h, segments: [region], reference: {name: spring, file: reference.csv}}',
      'monitors:',
      '  - {name: orders-drift, model: orders, segments: [region], min_samples: 300, persistence: 2}',
    ],
  });
});
after(() => world.close());

/** The replay has come as far as the window's end and the allowed delay. */
const passed = (window: number): number => START + (window + 1) * HOUR + DELAY;
const pass = (window: number) => world.post('predictions', [], passed(window));
const alerts = () =>
  world.sql<{ segment: string; state: string; revision: number; members: string[] }>(
    'SELECT segment, state, revision, members FROM alerts ORDER BY segment',
  );
const window = async (index: number) => {
  const [row] = await world.sql<{ events: number; state: string; revision: number }>(
    `SELECT toFloat64(events) AS events, state, revision FROM operations WHERE window_start = fromUnixTimestamp64Milli(${START + index * HOUR})`,
  );
  return row;
};
const west = async (index: number) => {
  const [row] = await world.sql<{ breached: number; state: string; n: number }>(
    `SELECT max(breached) AS breached, any(state) AS state, toFloat64(max(n_current)) AS n FROM drift_scores
     WHERE feature = 'amount' AND segment = 'region=west' AND window_start = fromUnixTimestamp64Milli(${START + index * HOUR})`,
  );
  return row;
};

test('only one value of a segment drifts: the alert and the page name that segment and that feature, nothing else', async () => {
  for (const index of [0, 1, 2]) {
    const both = [...events(index, 'east', EAST), ...events(index, 'west', WEST, { amount: index > 0 ? 2 : 1 })];
    assert.equal((await world.post('predictions', both, 'event')).accepted, EAST + WEST);
  }
  await pass(2);
  await eventually('a page', () => world.pages().length > 0);
  assert.deepEqual(await alerts(), [{ segment: 'region=west', state: 'firing', revision: 2, members: ['amount'] }]);
  const breached = await world.sql(
    'SELECT DISTINCT feature, segment FROM drift_scores WHERE breached ORDER BY feature, segment',
  );
  assert.deepEqual(breached, [{ feature: 'amount', segment: 'region=west' }]);
  const tested = await world.sql('SELECT DISTINCT segment FROM drift_scores ORDER BY segment');
  assert.deepEqual(tested, [{ segment: '' }, { segment: 'region=east' }, { segment: 'region=west' }]);
  const [{ event } = assert.fail('no page')] = world.pages();
  assert.equal(event.event_action, 'trigger');
  assert.match(JSON.stringify(event.payload), /region=west/);
  assert.doesNotMatch(JSON.stringify(event.payload), /region=east|size/);
});

test('late data within the horizon seals again, raises the revision, and a new member updates the alert', async () => {
  const before = await window(1);
  assert.deepEqual(before, { events: EAST + WEST, state: 'complete', revision: before?.revision });
  for (const index of [1, 2])
    await world.post('predictions', events(index, 'west', WEST, { amount: 2, size: 2 }), passed(2) + 1);
  await eventually('the alert to gain a member', async () => (await alerts())[0]?.state === 'updated');
  assert.deepEqual(
    (await alerts()).map(({ segment, members }) => [segment, members.toSorted()]),
    [['region=west', ['amount', 'size']]],
  );
  const revised = await window(1);
  assert.deepEqual([revised?.events, revised?.state], [EAST + 2 * WEST, 'revised']);
  assert.ok(revised!.revision > before!.revision);
  assert.deepEqual(await west(1), { breached: 1, state: 'revised', n: 2 * WEST });
  assert.equal((await window(0))?.state, 'complete', 'a window nobody wrote to stays as it is');
});

test('late data that takes the breach away withdraws the alert, and the page is resolved under its key', async () => {
  await world.post('predictions', events(1, 'west', 20_000), passed(2) + 2);
  await eventually('the alert to be withdrawn', async () => (await alerts())[0]?.state === 'withdrawn');
  assert.equal((await west(1))?.breached, 0);
  assert.equal((await west(2))?.breached, 1);
  await eventually('the resolve', () => world.pages().at(-1)?.event.event_action === 'resolve');
  assert.deepEqual(
    world.pages().map(({ event }) => event.event_action),
    ['trigger', 'trigger', 'resolve'],
  );
  assert.equal(new Set(world.pages().map(({ event }) => event.dedup_key)).size, 1);
  assert.deepEqual(await world.sql('SELECT state, toFloat64(count()) AS n FROM incidents GROUP BY state'), [
    { state: 'withdrawn', n: 1 },
  ]);
});

test('data beyond the horizon changes nothing and is listed as lost, with the reason', async () => {
  const before = await window(0);
  await world.post('predictions', events(0, 'west', 40, { amount: 9 }), START + HOUR + 6 * HOUR + 1);
  const losses = () =>
    world.sql<{ reason: string; events: number }>(
      "SELECT reason, toFloat64(sum(events)) AS events FROM losses WHERE topic = 'driftline.predictions' GROUP BY reason",
    );
  await eventually('the losses', async () => (await losses())[0]?.events === 40);
  assert.deepEqual(await losses(), [{ reason: 'beyond_horizon', events: 40 }]);
  assert.deepEqual(await window(0), before);
});

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '../support/eventually.ts';
import { openStandaloneWorld, type StandaloneWorld } from '../support/standalone-world.ts';

const WINDOW = 5_000;
const DELAY = 1_000;
const IDLE_AFTER = 1_000;
/** Flush, sealing, scores, alert, outbox and request, on a busy machine. */
const PATIENCE = 5_000;
const TICK = 100;
const PER_TICK = 20;

const spread = (index: number): number => ((index * 7) % 1009) / 1009;

let world: StandaloneWorld;
before(async () => {
  const rows = Array.from({ length: 5_045 }, (_, index) => String(100 * spread(index)));
  world = await openStandaloneWorld({
    files: { 'reference.csv': `amount\n${rows.join('\n')}\n` },
    config: [
      'log: {kind: embedded, partitions: 2}',
      `aggregation: {flush_interval: 200ms, allowed_delay: ${DELAY}ms, idle_after: ${IDLE_AFTER}ms}`,
      'models: [{name: live, window: 5s, reference: {name: base, file: reference.csv}}]',
      'monitors: [{name: live-drift, model: live, min_samples: 100, persistence: 1}]',
    ],
  });
});
after(() => world.close());

let serial = 0;
/** Sends live events at a steady rate until `end`. */
async function send(end: number, factor: number): Promise<void> {
  while (Date.now() < end) {
    const events = Array.from({ length: PER_TICK }, () => {
      serial += 1;
      const features = { amount: 100 * factor * spread(serial) };
      return { prediction_id: `p${serial}`, model: 'live', timestamp: Date.now(), features };
    });
    await world.post('predictions', events);
    await sleep(TICK);
  }
}

interface Row {
  start: number;
  state: string;
  events: number;
}
const windows = () =>
  world.sql<Row>(
    "SELECT toFloat64(toUnixTimestamp64Milli(window_start)) AS start, state, toFloat64(events) AS events FROM operations WHERE model = 'live' ORDER BY start",
  );

test('live events: windows complete within seconds, also when the stream falls silent, and drift pages', async (t) => {
  const start = Math.ceil(Date.now() / WINDOW) * WINDOW;
  await sleep(start - Date.now());
  await send(start + WINDOW - TICK, 1);
  assert.deepEqual(world.pages(), []);
  const drifted = start + WINDOW;
  await sleep(drifted - Date.now());
  await send(drifted + WINDOW - TICK, 3);
  // Nothing is sent from here on: only idleness can complete the second window.
  const due = drifted + WINDOW + Math.max(DELAY, IDLE_AFTER);
  await eventually('the page', () => world.pages().length > 0, due + PATIENCE - Date.now());
  const [{ event, receivedAt } = assert.fail('no page')] = world.pages();
  assert.equal(event.event_action, 'trigger');
  assert.match(event.payload?.summary ?? '', /amount/);
  t.diagnostic(`paged ${receivedAt - (drifted + WINDOW + DELAY)} ms after the window's end and the allowed delay`);
  assert.ok(receivedAt >= drifted + WINDOW + DELAY, 'nobody is paged before the window can be complete');
  const rows = await windows();
  assert.deepEqual(
    rows.map((row) => [row.start, row.state]),
    [
      [start, 'complete'],
      [drifted, 'complete'],
    ],
  );
  assert.equal(
    rows.reduce((sum, row) => sum + row.events, 0),
    serial,
  );
  assert.equal(world.pages().length, 1);
});

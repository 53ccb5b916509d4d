import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { ViewReader } from './support/reader.ts';
import { type FaultWorld, openFaultWorld } from './support/world.ts';

const RATE = 300;
const ROUNDS = 4;

test('views never leak: a reader that polls during flushes, seals, replays, rebalances and merges sees each event at most once', async () => {
  const world = await openFaultWorld({
    seed: 11,
    models: ['- {name: alpha, window: 10s, segments: [region]}', '- {name: beta, window: 1m}'],
    oracle: { windowMs: (model) => ({ alpha: 10_000, beta: 60_000 })[model] ?? 86_400_000 },
    // Events of the last minutes in any order: windows complete all the while, and late data revises them.
    events: { start: Date.now() - 20 * 60_000, step: 100 },
  });
  after(() => world.close());
  const [first, second] = [await world.start('aggregator'), await world.start('aggregator')];
  const detectors = [await world.start('detector'), await world.start('detector')];
  await Promise.all([first, second, ...detectors].map((member) => member.untilServing()));
  const reader = new ViewReader({ sql: world.sql, pauseMs: 0 }).start();
  const stream = world.feeder.run(RATE, world.all);
  for (let round = 0; round < ROUNDS; round += 1) {
    await sleep(1_500);
    await [first, second][round % 2]!.restart();
    await sleep(1_500);
    await detectors[round % 2]!.restart();
    await mergeParts(world);
  }
  await stream.stop();
  await world.verify({ sealed: true });
  await reader.stop();
  await reader.settle();
  reader.assertNone();
  const [sealed] = await world.sql<{ windows: string }>(
    "SELECT count() AS windows FROM operations WHERE state != 'provisional'",
  );
  assert.ok(Number(sealed?.windows) > 0, 'windows were sealed meanwhile');
  console.log(`${reader.answered} polls, ${sealed?.windows} sealed windows`);
});

/** All merges at once: the engine would do them sooner or later. */
async function mergeParts(world: FaultWorld): Promise<void> {
  const url = /sql=(\S+)/.exec(await world.store.ready())![1]!;
  for (const table of ['chunk_rows', 'window_rows', 'prediction_rows', 'manifest_rows']) {
    const answer = await fetch(`${url}/?database=driftline`, { method: 'POST', body: `OPTIMIZE TABLE ${table} FINAL` });
    assert.equal(answer.status, 200, await answer.text());
  }
}

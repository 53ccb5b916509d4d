import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { Engine, events, MINUTE, T0, type World, waitFor } from './harness.ts';

const engine = new Engine();
let world: World;
before(() => engine.open());
afterEach(() => world?.close());
after(() => engine.close());

const end = (window: number) => T0 + (window + 1) * MINUTE;

test('breached windows become sealed rows, scores and one alert that fires, then resolves', async () => {
  world = await engine.world();
  await world.start();
  for (let window = 0; window < 6; window++) {
    const shift = window === 2 || window === 3 ? 60 : 0;
    world.add(0, events(window, 500, { shift }));
    await world.flush(0, end(window) + 1_000);
  }
  await waitFor(
    async () => (await world.published()).some((event) => event.state === 'resolved'),
    'the alert to resolve',
  );
  const published = await world.published();
  console.error(JSON.stringify(published, null, 1));
  assert.deepEqual(
    published.map(({ state, revision }) => [state, revision]),
    [
      ['pending', 1],
      ['firing', 2],
      ['resolved', 3],
    ],
  );
  console.error(await world.store.query('select * from drift_scores limit 3').catch(String));
  console.error(
    await world.store
      .query(
        'select feature, segment, window_start, count, missing, n, errors, state, covered, coverage, note from sealed_rows FINAL order by window_start, segment, feature limit 12',
      )
      .catch(String),
  );
});

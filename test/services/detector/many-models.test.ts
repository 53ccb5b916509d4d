import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { eventually } from '../../support/eventually.ts';
import { replacing } from '../../support/replacing.ts';
import { end, events, monitorOf } from './fixtures.ts';
import { Engine } from './harness.ts';

const MODELS = Array.from({ length: 40 }, (_, i) => `m${i}`);

const engine = new Engine();
before(() => engine.open());
after(() => engine.close());

test('windows of many models that are complete at once are read and written together, each as if alone', async () => {
  const monitors = MODELS.map((model) => monitorOf({ name: `${model}-drift`, model, persistence: 1 }));
  const world = await engine.world({ models: MODELS, monitors });
  const statements = { ledger: 0, sealed: 0, scores: 0 };
  const store = replacing(world.store, {
    queryNative: (sql, params) => {
      statements.ledger += 1;
      return world.store.queryNative(sql, params);
    },
    insertNative: (table, columns, pieces) => {
      if (table === 'window_rows') statements.sealed += 1;
      if (table === 'score_window_rows') statements.scores += 1;
      return world.store.insertNative(table, columns, pieces);
    },
  });
  try {
    const service = await world.start({ store });
    const round = async (window: number, shifted: (model: number) => boolean): Promise<void> => {
      for (const [i, model] of MODELS.entries()) {
        world.add(0, events(window, 100 + i, { model, shift: shifted(i) ? 60 : 0 }));
      }
      await world.flush(0, end(window) + 1_000);
      const sealed = (window + 1) * MODELS.length;
      const scored = () => world.metric(service, 'driftline_scores_total');
      await eventually('all scores', async () => (await scored()) >= sealed * 4);
    };
    await round(0, () => false);
    Object.assign(statements, { ledger: 0, sealed: 0, scores: 0 });
    await round(1, (model) => model % 10 === 3);
    for (const [what, calls] of Object.entries(statements)) assert.ok(calls < MODELS.length / 2, `${what}: ${calls}`);
    const sealed = await world.store.query(
      "SELECT model, count AS events FROM window_rows FINAL WHERE feature = '' AND segment = '' ORDER BY window_start, model",
    );
    const expected = MODELS.map((model, i) => ({ model, events: 100 + i })).sort((a, b) =>
      a.model < b.model ? -1 : 1,
    );
    assert.deepEqual(sealed, [...expected, ...expected]);
    await eventually('the alerts', async () => (await world.published()).length >= 4);
    const firing = (await world.published()).map(({ model, state }) => [model, state]).sort();
    assert.deepEqual(
      firing,
      ['m13', 'm23', 'm3', 'm33'].map((model) => [model, 'firing']),
    );
  } finally {
    await world.close();
  }
});

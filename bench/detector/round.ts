import { eventually } from '../../test/support/eventually.ts';
import { expect, type Measured, measured } from './cpu.ts';
import { drifts, type Size } from './ledger.ts';
import { NUMERIC_METRICS, World } from './world.ts';

/** More than a minute's round must take, so that a slow one is a figure and not a failure. */
const PATIENCE_MS = 900_000;

interface Round {
  window: number;
  seconds: number;
  cpuSeconds: number;
  rssMb: number;
}

/** Windows of many models, all complete at the same moment, one after the other; the first has the models' opening in it. */
export async function round(size: Size, rounds: number): Promise<Record<string, unknown>> {
  const world = await World.open(size);
  const { models, features, events, chunks } = size;
  try {
    console.log(`\n${models} models of ${features} features, ${events} events each in ${chunks} chunks:\n`);
    console.log('| window | s | s of CPU | resident MB |\n| ---: | ---: | ---: | ---: |');
    await world.ledger.write(0);
    await world.settled();
    const done: Round[] = [await one(world, 0, () => world.start())];
    for (let window = 1; window < rounds; window += 1) {
      await world.ledger.write(window);
      await world.settled();
      world.clock.take();
      done.push(await one(world, window, async () => {}));
    }
    console.log('\n| of the last round: statements | calls | s in all, waiting included |\n| --- | ---: | ---: |');
    const spent = world.clock.take();
    for (const [what, { calls, ms }] of spent) console.log(`| ${what} | ${calls} | ${(ms / 1_000).toFixed(2)} |`);
    await check(world, rounds);
    return { rounds: done, spent: Object.fromEntries(spent) };
  } finally {
    await world.close();
  }
}

async function one(world: World, window: number, before: () => Promise<void>): Promise<Round> {
  const scores = (window + 1) * world.size.models * world.size.features * NUMERIC_METRICS.length;
  const alerts = alerting(world.size, window);
  const measuredRound: Measured<void> = await measured(async () => {
    await before();
    await world.announce(window, window + 1);
    await eventually('all scores', async () => (await world.metric('driftline_scores_total')) >= scores, PATIENCE_MS);
    const published = async () => (await world.metric('driftline_alerts_published_total')) >= alerts;
    await eventually('all alerts', published, PATIENCE_MS);
  });
  const { ms, cpuMs } = measuredRound;
  const rssMb = Math.round(process.memoryUsage.rss() / 1e6);
  const result = { window, seconds: ms / 1_000, cpuSeconds: cpuMs / 1_000, rssMb };
  console.log(`| ${window} | ${result.seconds.toFixed(2)} | ${result.cpuSeconds.toFixed(2)} | ${rssMb} |`);
  return result;
}

/** Models that alert in the window. */
function alerting({ models }: Size, window: number): number {
  let count = 0;
  for (let model = 0; model < models; model += 1) if (drifts(model, window)) count += 1;
  return count;
}

async function check({ store, size }: World, rounds: number): Promise<void> {
  const { models, features, events } = size;
  const [sealed] = await store.query(
    `SELECT countIf(feature = '') AS heads, sumIf(count, feature = '') AS events, countIf(feature != '' AND n = {n:UInt64}) AS columns
     FROM window_rows FINAL`,
    { n: events },
  );
  expect('sealed', sealed, {
    heads: models * rounds,
    events: models * rounds * events,
    columns: models * rounds * features,
  });
  const [scores] = await store.query(
    'SELECT count() AS n, countIf(breached) > 0 AS drift FROM score_window_rows FINAL',
  );
  expect('scores', scores, { n: models * rounds * features * NUMERIC_METRICS.length, drift: rounds > 1 ? 1 : 0 });
  const firing = await store.query("SELECT DISTINCT model FROM alert_rows WHERE state = 'firing'");
  expect('models alerting', firing.length, rounds > 1 ? alerting(size, 1) : 0);
}

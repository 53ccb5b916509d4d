import { evaluateWindow } from '../../lib/core/detection/evaluate.ts';
import type { ReadyMonitor } from '../../lib/core/detection/types.ts';
import { judgeWindow } from '../../lib/core/detection/verdict.ts';
import { readWindows } from '../../services/detector/seal.ts';
import { eventually } from '../../test/support/eventually.ts';
import { expect, type Measured, measured } from './cpu.ts';
import { MINUTE, modelName, type Size, T0 } from './ledger.ts';
import { baselineOf, monitorOf, NUMERIC_METRICS, World } from './world.ts';

const BATCH = 16;

/** Evaluations of one model's windows, from the ledger: read, merged and tested; then by a detector, until all is durable. */
export async function desk(size: Size, windows: number): Promise<Record<string, unknown>> {
  const world = await World.open(size);
  try {
    for (let window = 0; window < windows; window += 1) await world.ledger.write(window);
    const evaluations = windows * size.features;
    await world.settled();
    const monitors = [{ monitor: monitorOf(modelName(0)), baseline: baselineOf(modelName(0), size.features) }];
    await readAndTest(world, BATCH, monitors);
    const read = await measured(() => readAndTest(world, windows, monitors));
    expect('scores', read.result, evaluations * NUMERIC_METRICS.length);
    const whole = await measured(() => workOff(world, windows));
    await check(world, windows);
    const { features, events, chunks } = size;
    console.log(`\n${windows} windows of ${features} features, ${events} events each in ${chunks} chunks:\n`);
    console.log('| | µs of CPU an evaluation | evaluations a second and core |\n| --- | ---: | ---: |');
    const result = { reads: rate(read, evaluations), detector: rate(whole, evaluations) };
    console.log(`| read, merged, tested | ${result.reads.micros} | ${result.reads.perSecond} |`);
    console.log(
      `| the detector: sealed rows, scores, alerts too | ${result.detector.micros} | ${result.detector.perSecond} |`,
    );
    return result;
  } finally {
    await world.close();
  }
}

function rate({ cpuMs }: Measured<unknown>, evaluations: number): { micros: number; perSecond: number } {
  return {
    micros: Math.round((cpuMs * 10_000) / evaluations) / 10,
    perSecond: Math.round((evaluations * 1_000) / cpuMs),
  };
}

async function readAndTest({ store }: World, windows: number, monitors: readonly ReadyMonitor[]): Promise<number> {
  let scores = 0;
  for (let from = 0; from < windows; from += BATCH) {
    const starts = Array.from({ length: Math.min(BATCH, windows - from) }, (_, i) => T0 + (from + i) * MINUTE);
    const [read] = await readWindows(store, [{ model: modelName(0), starts }], new Map());
    for (const { window, sealed } of read!.windows) {
      scores += judgeWindow(evaluateWindow(window, monitors, read!.gridOf), window, sealed).length;
    }
  }
  return scores;
}

async function workOff(world: World, windows: number): Promise<void> {
  await world.start();
  await world.announce(0, windows);
  const scores = windows * world.size.features * NUMERIC_METRICS.length;
  await eventually('all scores', async () => (await world.metric('driftline_scores_total')) >= scores, 600_000);
}

async function check({ store, size }: World, windows: number): Promise<void> {
  const [sealed] = await store.query<{ rows: number }>(
    "SELECT count() AS rows FROM window_rows FINAL WHERE feature != '' AND n = {n:UInt64}",
    { n: size.events },
  );
  expect('sealed columns', sealed, { rows: windows * size.features });
}

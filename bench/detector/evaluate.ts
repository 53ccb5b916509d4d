import { evaluateWindow } from '../../lib/core/detection/evaluate.ts';
import type { SealedColumn, SealedWindow } from '../../lib/core/detection/types.ts';
import { judgeWindow } from '../../lib/core/detection/verdict.ts';
import { expect, measured } from './cpu.ts';
import { featureName, modelName, numericSketch, T0 } from './ledger.ts';
import { baselineOf, monitorOf, NUMERIC_METRICS } from './world.ts';

const FEATURES = 50;
const WINDOWS = 20;
const EVALUATIONS = 40_000;
const SEALED = { state: 'complete' as const, revision: 0 };

interface Rate {
  events: number;
  micros: number;
  perSecond: number;
}

/** One core's evaluations a second: all tests of sealed windows of 50 features, and their verdict; prints a row by events. */
export async function evaluate(): Promise<Rate[]> {
  console.log(`\n| events a window | µs an evaluation (${NUMERIC_METRICS.length} metrics) | evaluations a second |`);
  console.log('| ---: | ---: | ---: |');
  const rates: Rate[] = [];
  for (const events of [200, 1_000, 10_000, 100_000]) {
    const micros = await microsOf(events);
    const perSecond = Math.round(1e6 / micros);
    console.log(`| ${events} | ${micros.toFixed(1)} | ${perSecond} |`);
    rates.push({ events, micros, perSecond });
  }
  return rates;
}

async function microsOf(events: number): Promise<number> {
  const windows = Array.from({ length: WINDOWS }, (_, window) => sealedWindow(events, window));
  const monitors = [{ monitor: monitorOf(modelName(0)), baseline: baselineOf(modelName(0), FEATURES) }];
  const run = (rounds: number): number => {
    let scores = 0;
    for (let round = 0; round < rounds; round += 1) {
      const window = windows[round % WINDOWS]!;
      scores += judgeWindow(
        evaluateWindow(window, monitors, () => null),
        window,
        SEALED,
      ).filter(({ score }) => score !== null).length;
    }
    return scores;
  };
  run(WINDOWS);
  const rounds = EVALUATIONS / FEATURES;
  const { result, cpuMs } = await measured(() => run(rounds));
  expect('scores', result, EVALUATIONS * NUMERIC_METRICS.length);
  return (cpuMs * 1_000) / EVALUATIONS;
}

function sealedWindow(events: number, window: number): SealedWindow {
  const common = { segment: '', count: events, errors: 0, grid: null, note: '' };
  const columns = Array.from({ length: FEATURES }, (_, f): SealedColumn => {
    const sketch = numericSketch(events, window * FEATURES + f, 0.1);
    return { ...common, feature: featureName(f), kind: 'numeric', sketch };
  });
  return {
    ...{ model: modelName(0), version: '1', role: 'champion', window: { start: T0, end: T0 + 60_000 }, events },
    ...{
      covered: events,
      coverage: [],
      specIds: [],
      columns: [{ ...common, feature: '', kind: '', sketch: null }, ...columns],
    },
  };
}

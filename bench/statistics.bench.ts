import type { BaselineColumn } from '../lib/core/baselines/types.ts';
import { emptySketch } from '../lib/core/sketch/feature.ts';
import { numericGrid, quantileEdges } from '../lib/core/sketch/grid.ts';
import { BASELINE_TOLERANCE, sketchNumeric } from '../lib/core/sketch/numeric.ts';
import type { FeatureSketch } from '../lib/core/sketch/types.ts';
import { METRICS } from '../lib/core/statistics/registry.ts';
import { sealed } from '../test/core/sketch/exact.ts';
import { normal } from '../test/core/sketch/shapes.ts';
import { generator } from '../test/support/generator.ts';

/** Evaluations a second of all metrics of a numeric feature and window, without store reads; CPU time. Run: npx tsx bench/statistics.bench.ts */
const ROUNDS = 20_000;

function sample(n: number, seed: number, shift: number): Float64Array {
  const random = generator(seed);
  return Float64Array.from({ length: n }, () => normal(random) + shift);
}

function baseline(): BaselineColumn {
  const values = sample(50_000, 1, 0).sort();
  const numeric = sketchNumeric(values, values.length, BASELINE_TOLERANCE);
  const psiEdges = quantileEdges(values, 10);
  const sketch: FeatureSketch = { ...emptySketch('numeric'), count: values.length, kind: 'numeric', numeric };
  return { feature: 'x', sketch, psiEdges, grid: numericGrid(psiEdges, values), spread: {} };
}

function window(n: number, seed: number): FeatureSketch {
  return { ...emptySketch('numeric'), count: n, kind: 'numeric', numeric: sealed(sample(n, seed, 0.1), 4) };
}

function main(): void {
  const column = baseline();
  const metrics = Object.values(METRICS).filter((metric) => metric.appliesTo(column));
  for (const n of [500, 5_000, 60_000]) {
    const windows = Array.from({ length: 20 }, (_, i) => window(n, 100 + i));
    let effects = 0;
    const start = process.cpuUsage();
    for (let round = 0; round < ROUNDS; round++) {
      for (const metric of metrics) {
        const result = metric.compute(column, windows[round % windows.length]!);
        if (result.kind === 'score') effects += result.effect;
      }
    }
    const { user, system } = process.cpuUsage(start);
    const micros = (user + system) / ROUNDS;
    const names = metrics.map((metric) => metric.metric).join('+');
    console.log(
      `n ${n}: ${micros.toFixed(1)} µs, ${Math.round(1e6 / micros)}/s (${names}; mean effect ${(effects / ROUNDS).toFixed(3)})`,
    );
  }
}

main();

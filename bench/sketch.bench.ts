import { mergeNumeric, sketchNumeric } from '../lib/core/sketch/numeric.ts';
import { errorOf, sealed } from '../test/core/sketch/exact.ts';
import { SHAPES } from '../test/core/sketch/shapes.ts';

/**
 * Sketching cost (ns of CPU a value, a chunk of 65,536) and the largest KS error of sealed sketches over all shapes, sizes and
 * numbers of chunks. Run: npx tsx bench/sketch.bench.ts
 */
const CHUNK = 65_536;
const SIZES = [5_000, 10_000, 20_000, 40_000, CHUNK, 262_144];
const CHUNKS = [1, 4, 32];

function cpuMicroseconds(start: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(start);
  return user + system;
}

function nanosecondsAValue(values: Float64Array): number {
  const times: number[] = [];
  for (let i = 0; i < 15; i++) {
    const start = process.cpuUsage();
    for (let j = 0; j < 5; j++) sketchNumeric(values, values.length);
    times.push(cpuMicroseconds(start) / 5);
  }
  return (times.sort((a, b) => a - b)[7]! * 1000) / values.length;
}

function mergeMicroseconds(values: Float64Array): number {
  const parts = Array.from({ length: 8 }, (_, i) => {
    const part = values.subarray(i * 8192, (i + 1) * 8192);
    return sketchNumeric(part, part.length);
  });
  const start = process.cpuUsage();
  for (let i = 0; i < 20; i++) mergeNumeric(parts);
  return cpuMicroseconds(start) / 20;
}

function main(): void {
  console.log(
    'shape                           ns/value  merge 8 (µs)  knots 64k   KS error: one chunk, 4, 32 (worst n)',
  );
  let worst = 0;
  for (const shape of SHAPES) {
    const chunk = shape.sample(CHUNK);
    const errors = CHUNKS.map((chunks) => {
      const bySize = SIZES.map((n) => ({ n, error: errorOf(sealed(shape.sample(n), chunks), shape.sample(n)) }));
      return bySize.reduce((a, b) => (b.error > a.error ? b : a));
    });
    worst = Math.max(worst, ...errors.map((e) => e.error));
    const shown = errors.map((e) => `${e.error.toFixed(6)} (${e.n})`).join('  ');
    const knots = sealed(chunk, 4).values.length;
    const cost = nanosecondsAValue(chunk).toFixed(1).padStart(8);
    const merge = mergeMicroseconds(chunk).toFixed(0).padStart(13);
    console.log(`${shape.name.padEnd(32)}${cost}${merge}${String(knots).padStart(11)}   ${shown}`);
  }
  console.log(`largest KS error of a sealed sketch: ${worst.toFixed(6)}`);
}

main();

import { cdfAtOrBelow, cdfBelow, mergeNumeric, sketchNumeric } from '../lib/core/sketch/numeric.ts';
import { errorOf, sealed } from '../test/core/sketch/exact.ts';
import { SHAPES, type Shape } from '../test/core/sketch/shapes.ts';
import { digestOf, midRankError } from './tdigest.ts';

/**
 * Sketching cost (ns of CPU a value, a chunk of 65,536) and the largest KS error of sealed sketches over all shapes, sizes and
 * numbers of chunks; then cost and rank error beside the package tdigest. Run: npm run bench sketch
 */
const CHUNK = 65_536;
const SIZES = [5_000, 10_000, 20_000, 40_000, CHUNK, 262_144];
const CHUNKS = [1, 4, 32];

function cpuMicroseconds(work: () => void): number {
  const start = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(start);
  return user + system;
}

/** Median of `rounds`, ns of CPU a value. */
function nanosecondsAValue(values: Float64Array, rounds: number, sketch: (values: Float64Array) => void): number {
  const times = Array.from({ length: rounds }, () => cpuMicroseconds(() => sketch(values)));
  return (times.sort((a, b) => a - b)[Math.floor(rounds / 2)]! * 1000) / values.length;
}

const ownNanoseconds = (values: Float64Array) =>
  nanosecondsAValue(values, 15, () => {
    for (let j = 0; j < 5; j++) sketchNumeric(values, values.length);
  }) / 5;

function mergeMicroseconds(values: Float64Array): number {
  const parts = Array.from({ length: 8 }, (_, i) => {
    const part = values.subarray(i * 8192, (i + 1) * 8192);
    return sketchNumeric(part, part.length);
  });
  const total = cpuMicroseconds(() => {
    for (let i = 0; i < 20; i++) mergeNumeric(parts);
  });
  return total / 20;
}

/** Prints a line for each shape; the largest KS error over all. */
function sealedSketches(): number {
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
    const cost = ownNanoseconds(chunk).toFixed(1).padStart(8);
    const merge = mergeMicroseconds(chunk).toFixed(0).padStart(13);
    console.log(`${shape.name.padEnd(32)}${cost}${merge}${String(knots).padStart(11)}   ${shown}`);
  }
  return worst;
}

/** One line: cost, largest mid-rank error and size of one chunk, ours and tdigest's. */
function besideTdigest(shape: Shape): string {
  const values = shape.sample(CHUNK);
  const own = sketchNumeric(values, values.length);
  const digest = digestOf(values);
  const ownError = midRankError(values, (x) => (cdfBelow(own, x) + cdfAtOrBelow(own, x)) / (2 * own.n));
  const digestError = midRankError(values, (x) => digest.p_rank(x) ?? Number.NaN);
  const costs = [ownNanoseconds(values), nanosecondsAValue(values, 3, digestOf)];
  const cells = [
    ...costs.map((cost) => cost.toFixed(1)),
    ownError.toFixed(6),
    digestError.toFixed(6),
    own.values.length,
    digest.size(),
  ];
  return shape.name.padEnd(32) + cells.map((cell) => String(cell).padStart(10)).join('');
}

const worst = sealedSketches();
console.log(`largest KS error of a sealed sketch: ${worst.toFixed(6)}\n`);
console.log('one chunk of 65,536, ours and tdigest’s: ns/value, largest mid-rank error, knots or centroids');
for (const shape of SHAPES) console.log(besideTdigest(shape));

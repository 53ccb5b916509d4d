import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { compress, MAX_KNOTS, type Steps } from '../../../lib/core/sketch/knots.ts';
import { cdfAtOrBelow, cdfBelow, sketchNumeric } from '../../../lib/core/sketch/numeric.ts';
import { SHAPES } from './shapes.ts';

function stepsOf(values: readonly number[], counts: readonly number[]): Steps {
  const atOrBelow = Float64Array.from(counts);
  for (let i = 1; i < counts.length; i++) atOrBelow[i]! += atOrBelow[i - 1]!;
  const below = atOrBelow.map((upTo, i) => upTo - counts[i]!);
  return { size: values.length, values: Float64Array.from(values), below, atOrBelow };
}

describe('compress', () => {
  it('keeps interpolation within the tolerance at every value, and within 2 % of what lies further out than the knot before', () => {
    for (const shape of SHAPES) {
      for (const [n, tolerance] of [
        [2_000, 0.0003],
        [8_192, 0.0004],
        [30_000, 0.0003],
      ] as const) {
        const values = shape.sample(n);
        const sketch = sketchNumeric(values, n, tolerance);
        const sorted = values.map((v) => v + 0).sort();
        let knot = 0;
        for (let start = 0, end = 0; start < n; start = end) {
          while (end < n && sorted[end] === sorted[start]) end++;
          while (sketch.values[knot + 1]! < sorted[start]!) knot++;
          const before = sketch.atOrBelow[knot]!;
          const allowed = Math.min(Math.max(1, n * tolerance), 0.02 * Math.max(1, Math.min(before, n - before)));
          const off = Math.max(
            Math.abs(cdfBelow(sketch, sorted[start]!) - start),
            Math.abs(cdfAtOrBelow(sketch, sorted[start]!) - end),
          );
          assert.ok(off <= allowed + 1e-6, `${shape.name}, ${n}, rank ${start} to ${end}: ${off} of ${allowed}`);
        }
      }
    }
  });

  it('keeps every atom, and few knots where the CDF is a line', () => {
    const values = Array.from({ length: 5_000 }, (_, i) => i);
    const counts = values.map((i) => (i % 1000 === 500 ? 100 : 1));
    const kept = compress(stepsOf(values, counts), true, 0.0003);
    for (const atom of [500, 1500, 2500, 3500, 4500]) assert.ok(kept.values.includes(atom), `${atom}`);
    assert.ok(kept.size < 150, `${kept.size} knots`);
  });

  it('takes a greater tolerance where the knots would be too many', () => {
    // Steep and flat in turn, two observations each: what no line follows.
    const values = Array.from({ length: 20_000 }, (_, i) => (i >> 2) * 1000 + (i & 3));
    const steps = stepsOf(
      values,
      values.map(() => 1),
    );
    const kept = compress(steps, false, 0.00001);
    assert.ok(kept.size < MAX_KNOTS && kept.size > 50, `${kept.size} knots`);
    assert.deepEqual([kept.values[0], kept.values.at(-1)], [0, values.at(-1)]);
  });

  it('is bounded for values that no slope can be taken between', () => {
    const values = Array.from({ length: 10_000 }, (_, i) => i * Number.MIN_VALUE);
    const kept = compress(
      stepsOf(
        values,
        values.map(() => 1),
      ),
      true,
      0.0003,
    );
    assert.equal(kept.size, MAX_KNOTS);
    assert.deepEqual([kept.values[0], kept.values.at(-1), kept.atOrBelow.at(-1)], [0, values.at(-1), 10_000]);
  });
});

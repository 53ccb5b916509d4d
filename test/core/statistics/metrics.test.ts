import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { MetricName } from '../../../lib/core/monitors/types.ts';
import { psiFloor } from '../../../lib/core/statistics/psi-floor.ts';
import { METRICS } from '../../../lib/core/statistics/registry.ts';
import type { MetricResult } from '../../../lib/core/statistics/types.ts';
import {
  categoricalBaseline,
  categoricalSketch,
  gridOf,
  numericBaseline,
  numericSketch,
  times,
  type Value,
} from './samples.ts';

const NAMES = Object.keys(METRICS) as MetricName[];
const numericValue: fc.Arbitrary<Value> = fc.oneof(
  ...Array.from({ length: 8 }, () => fc.integer({ min: -5, max: 5 })),
  fc.double(),
  fc.constant(null),
  fc.constant('text'),
);
const categoricalValue: fc.Arbitrary<Value> = fc.oneof(
  ...Array.from({ length: 8 }, () => fc.constantFrom('a', 'b', 'c', 'd', '__proto__', '')),
  fc.string({ maxLength: 2 }),
  fc.constant(null),
  fc.constant(1),
);
const numericValues = fc.array(numericValue, { maxLength: 80 });
const categoricalValues = fc.array(categoricalValue, { maxLength: 80 });

/** Samples that have broken other tools: each metric has to say something finite, or why it cannot. */
const AWKWARD: Record<string, Value[]> = {
  empty: [],
  constant: times(600, 3),
  'another constant': times(600, 4),
  'all missing': times(600, null),
  'a single value': [7],
  'all NaN': times(600, Number.NaN),
  'all infinite': times(600, Infinity),
  'all of the wrong type': times(600, 'x'),
  'the largest doubles': [-Number.MAX_VALUE, Number.MAX_VALUE, Number.MIN_VALUE, 0],
  mixed: [...times(300, 1), ...times(300, 2), ...times(50, null), ...times(20, 'x')],
};

function assertSane(result: MetricResult, what: string): void {
  if (result.kind === 'no-score') {
    assert.ok(result.reason.length > 0, what);
    return;
  }
  assert.ok(Number.isFinite(result.score), `${what}: score ${result.score}`);
  assert.ok(Number.isFinite(result.effect) && result.effect >= 0, `${what}: effect ${result.effect}`);
  const p = result.pValue!;
  assert.ok(p >= 0 && p <= 1, `${what}: p ${p}`);
}

describe('every metric', () => {
  it('is named as it is filed, and states its definition', () => {
    for (const name of NAMES) {
      assert.equal(METRICS[name].metric, name);
      assert.match(METRICS[name].definition, /^[a-z0-9-]+\/[a-z0-9-]+@\d+$/);
      assert.match(METRICS[name].computeOnGrid!.definition, /-grid@\d+$/);
      assert.ok(METRICS[name].description.length > 80);
    }
  });

  it('answers, or says why not, for awkward samples on either side', () => {
    for (const [a, reference] of Object.entries(AWKWARD)) {
      for (const [b, values] of Object.entries(AWKWARD)) {
        for (const [baseline, current] of [
          [numericBaseline(reference), numericSketch(values)],
          [categoricalBaseline(reference), categoricalSketch(values)],
          [numericBaseline(reference), categoricalSketch(values)],
          [categoricalBaseline(reference), numericSketch(values)],
        ] as const) {
          for (const name of NAMES) {
            const what = `${name}, ${a} (${baseline.sketch.kind}) against ${b} (${current.kind})`;
            assertSane(METRICS[name].compute(baseline, current), what);
            assertSane(METRICS[name].computeOnGrid!.compute(baseline, gridOf(baseline.grid, values)), `${what}, grid`);
          }
          const floor = psiFloor(baseline, current);
          assert.ok(floor.kind === 'no-score' || Number.isFinite(floor.score));
        }
      }
    }
  });

  it('never says “no drift” of an empty window', () => {
    for (const name of NAMES) {
      const numeric = METRICS[name].compute(numericBaseline([1, 2, 3]), numericSketch([]));
      const categorical = METRICS[name].compute(categoricalBaseline(['a', 'b']), categoricalSketch([]));
      assert.deepEqual([numeric.kind, categorical.kind], ['no-score', 'no-score'], name);
    }
  });

  it('finds nothing between a sample and itself', () => {
    const check = (name: MetricName, result: MetricResult) =>
      assert.ok(result.kind === 'no-score' || (result.score === 0 && result.effect === 0 && result.pValue === 1), name);
    fc.assert(
      fc.property(numericValues, categoricalValues, (numbers, words) => {
        for (const name of NAMES) {
          check(name, METRICS[name].compute(numericBaseline(numbers), numericSketch(numbers)));
          check(name, METRICS[name].compute(categoricalBaseline(words), categoricalSketch(words)));
        }
      }),
    );
  });

  it('stays within its bounds for anything', () => {
    fc.assert(
      fc.property(numericValues, numericValues, categoricalValues, categoricalValues, (a, b, c, d) => {
        for (const name of NAMES) {
          const numeric = METRICS[name].compute(numericBaseline(a), numericSketch(b));
          const categorical = METRICS[name].compute(categoricalBaseline(c), categoricalSketch(d));
          assertSane(numeric, name);
          assertSane(categorical, name);
          for (const result of [numeric, categorical]) {
            if (result.kind === 'score' && name !== 'psi') assert.ok(result.effect <= 1, `${name} ${result.effect}`);
            if (result.kind === 'score' && name === 'psi') assert.ok(result.score >= 0);
          }
        }
      }),
    );
  });

  it('says the same of a segment’s grid as of its values, where cells are values', () => {
    fc.assert(
      fc.property(categoricalValues, categoricalValues, (reference, values) => {
        const baseline = categoricalBaseline(reference);
        for (const name of NAMES.filter((each) => METRICS[each].appliesTo(baseline))) {
          const full = METRICS[name].compute(baseline, categoricalSketch(values));
          assert.deepEqual(METRICS[name].computeOnGrid!.compute(baseline, gridOf(baseline.grid, values)), full, name);
        }
      }),
    );
  });
});

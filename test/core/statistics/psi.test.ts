import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { psi } from '../../../lib/core/statistics/psi.ts';
import { psiFloor } from '../../../lib/core/statistics/psi-floor.ts';
import { generator } from '../../support/generator.ts';
import { normal } from '../sketch/shapes.ts';
import {
  categoricalBaseline,
  categoricalSketch,
  gridOf,
  numericBaseline,
  numericSketch,
  score,
  times,
} from './samples.ts';

function normals(n: number, seed: number, shift = 0): number[] {
  const random = generator(seed);
  return Array.from({ length: n }, () => normal(random) + shift);
}

const near = (a: number, b: number, tolerance: number) =>
  assert.ok(Math.abs(a - b) <= tolerance, `${a}, expected ${b}`);

describe('psi/quantile10@1', () => {
  it('is Σ(c−r)ln(c/r) where every bin is filled', () => {
    const baseline = categoricalBaseline([...times(60, 'a'), ...times(40, 'b')]);
    const current = categoricalSketch([...times(100, 'a'), ...times(100, 'b')]);
    const expected = -0.1 * Math.log(0.5 / 0.6) + 0.1 * Math.log(0.5 / 0.4);
    near(score(psi.compute(baseline, current)).score, expected, 1e-15);
  });

  it('does not let one empty bin decide: 2 % of the baseline gone stays under 0.1', () => {
    const baseline = categoricalBaseline([...times(980, 'a'), ...times(20, 'b')]);
    const gone = categoricalSketch(times(100_000, 'a'));
    const { score: value, effect } = score(psi.compute(baseline, gone));
    assert.ok(value < 0.07 && effect < 0.07, `${value}`);
    assert.ok(score(psiFloor(baseline, gone)).score > 0.1, 'what a floor of 1e-4 makes of it');
    const decile = categoricalBaseline([...times(900, 'a'), ...times(100, 'b')]);
    assert.ok(score(psi.compute(decile, gone)).effect > 0.1, 'but a whole decile gone is drift');
  });

  it('does not turn an empty bin into more drift as the sample grows', () => {
    const baseline = categoricalBaseline([...times(990, 'a'), ...times(10, 'b')]);
    const values = [1_000, 10_000, 100_000].map(
      (n) => score(psi.compute(baseline, categoricalSketch(times(n, 'a')))).score,
    );
    assert.ok(Math.max(...values) - Math.min(...values) < 1e-12, `${values}`);
  });

  it('adds nothing for equal missing shares, and a bin for unequal ones', () => {
    const baseline = numericBaseline([...normals(1000, 1), ...times(250, null)]);
    assert.equal(score(psi.compute(baseline, baseline.sketch)).score, 0);
    const whole = numericBaseline(normals(1000, 1));
    const halfMissing = numericSketch([...normals(500, 2), ...times(250, null), ...times(250, Number.NaN)]);
    const { effect, pValue } = score(psi.compute(whole, halfMissing));
    assert.ok(effect > 1 && pValue! < 1e-50, `${effect}, ${pValue}`);
  });

  it('puts infinities, wrong types and unseen categories into the unseen bin', () => {
    const numbers = numericBaseline(normals(1000, 1));
    const odd = numericSketch([...normals(900, 2), ...times(50, Infinity), ...times(50, 'x')]);
    assert.ok(score(psi.compute(numbers, odd)).effect > 0.2);
    const words = categoricalBaseline(times(1000, 'a'));
    const unseen = score(psi.compute(words, categoricalSketch([...times(900, 'a'), ...times(100, 'new')])));
    assert.ok(unseen.effect > 0.2);
  });

  it('takes values of another type for what they are: all unseen', () => {
    const { effect } = score(psi.compute(numericBaseline(normals(1000, 1)), categoricalSketch(times(100, 'x'))));
    assert.ok(effect > 1);
  });

  it('is not moved by one outlier of 1e9', () => {
    const baseline = numericBaseline(normals(20_000, 1));
    const without = score(psi.compute(baseline, numericSketch(normals(20_000, 2, 1)))).score;
    const withIt = score(psi.compute(baseline, numericSketch([...normals(20_000, 2, 1), 1e9]))).score;
    assert.ok(without > 0.7 && Math.abs(without - withIt) < 0.001, `${without} and ${withIt}`);
  });

  it('takes the noise of small windows off its effect', () => {
    const baseline = numericBaseline(normals(50_000, 1));
    const results = Array.from({ length: 200 }, (_, i) =>
      score(psi.compute(baseline, numericSketch(normals(200, 100 + i)))),
    );
    const mean = (of: (r: { score: number; effect: number }) => number) =>
      results.reduce((sum, r) => sum + of(r), 0) / results.length;
    assert.ok(mean((r) => r.score) > 0.035, 'the raw score of quiet windows');
    assert.ok(mean((r) => r.effect) < 0.015, 'their effect');
    assert.ok(results.filter((r) => r.pValue! < 0.05).length < 22, 'p is a p-value');
    assert.ok(results.filter((r) => r.pValue! < 0.5).length > 60, 'p is a p-value');
  });

  it('says the same from a grid up to the sketch’s own error', () => {
    const baseline = numericBaseline([...normals(20_000, 1), ...times(500, null)]);
    const values = [...normals(8_000, 2, 0.3), ...times(300, null), 1e9, Infinity];
    const full = score(psi.compute(baseline, numericSketch(values)));
    const grid = score(psi.computeOnGrid!.compute(baseline, gridOf(baseline.grid, values)));
    assert.ok(Math.abs(full.score - grid.score) < 0.001, `${full.score} and ${grid.score}`);
    assert.deepEqual([grid.nCurrent, grid.nBaseline], [full.nCurrent, full.nBaseline]);
  });

  it('of integers is exact: ties and zero inflation', () => {
    const zeros = (n: number, share: number) => Array.from({ length: n }, (_, i) => (i < n * share ? 0 : 1 + (i % 30)));
    const baseline = numericBaseline(zeros(40_000, 0.5));
    const bins = (share: number) => gridOf(baseline.grid, zeros(10_000, share));
    const full = score(psi.compute(baseline, numericSketch(zeros(10_000, 0.6))));
    near(score(psi.computeOnGrid!.compute(baseline, bins(0.6))).score, full.score, 1e-12);
    near(score(psi.compute(baseline, numericSketch(zeros(10_000, 0.5)))).score, 0, 1e-5);
  });
});

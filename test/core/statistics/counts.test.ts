import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { categoricalFromCounts } from '../../../lib/core/sketch/categorical.ts';
import { chi2 } from '../../../lib/core/statistics/chi2.ts';
import { contingency, poolSmallCells, total, twoProportions } from '../../../lib/core/statistics/contingency.ts';
import { benjaminiHochberg } from '../../../lib/core/statistics/fdr.ts';
import { missingRate, unseenRate } from '../../../lib/core/statistics/rates.ts';
import { categoricalBaseline, categoricalSketch, gridOf, numericBaseline, score, times } from './samples.ts';

const near = (a: number, b: number, relative = 1e-12) =>
  assert.ok(Math.abs(a - b) <= relative * Math.abs(b), `${a}, expected ${b}`);
const table = fc.array(fc.tuple(fc.nat(50), fc.nat(50)), { minLength: 1, maxLength: 20 });

describe('contingency', () => {
  it('is scipy’s chi2_contingency, Yates’ correction at one degree of freedom included', () => {
    // chi2_contingency([[10, 10, 20], [20, 20, 20]])
    const three = contingency([10, 10, 20], [20, 20, 20]);
    near(three.chiSquared, 2.7777777777777777);
    near(three.pValue, 0.24935220877729614, 1e-10);
    // [[12, 5], [3, 9]]: n(|ad − bc| − n/2)²/(product of margins)
    near(contingency([12, 5], [3, 9]).chiSquared, (29 * (108 - 15 - 14.5) ** 2) / (17 * 12 * 15 * 14));
  });

  it('is symmetric, not negative, and 0 for equal shares', () => {
    fc.assert(
      fc.property(table, (cells) => {
        const [a, b] = [cells.map(([x]) => x), cells.map(([, y]) => y)];
        const one = contingency(a, b);
        near(one.chiSquared, contingency(b, a).chiSquared, 1e-9);
        assert.ok(one.chiSquared >= 0 && one.pValue >= 0 && one.pValue <= 1);
        assert.ok(
          contingency(
            a,
            a.map((x) => 3 * x),
          ).chiSquared < 1e-9,
        );
      }),
    );
  });

  it('pools small cells without losing a count', () => {
    fc.assert(
      fc.property(table, (cells) => {
        const [a, b] = [cells.map(([x]) => x), cells.map(([, y]) => y)];
        const pooled = poolSmallCells(a, b);
        if (pooled === null) {
          assert.ok(Math.min(total(a), total(b)) < 5);
          return;
        }
        const [c, d] = pooled;
        assert.deepEqual([total(c), total(d)], [total(a), total(b)]);
        const both = Array.from(c, (x, k) => x + d[k]!).filter((x) => x > 0);
        const share = Math.min(total(a), total(b)) / (total(a) + total(b));
        if (both.length > 1) assert.ok(both.every((x) => x * share >= 1 - 1e-9));
      }),
    );
  });
});

describe('chi2/contingency@1', () => {
  const baseline = categoricalBaseline([...times(10_000, 'a'), ...times(10_000, 'b')]);

  it('is not decided by one unseen row in 20,001', () => {
    const current = categoricalSketch([...times(10_000, 'a'), ...times(10_000, 'b'), 'new']);
    const { pValue, effect } = score(chi2.compute(baseline, current));
    assert.ok(pValue! > 0.9 && effect < 0.01, `p ${pValue}, V ${effect}`);
  });

  it('counts categories that vanished and that are new, but not missing values', () => {
    const vanished = score(chi2.compute(baseline, categoricalSketch([...times(900, 'a'), ...times(100, null)])));
    assert.equal(vanished.nCurrent, 900);
    assert.ok(vanished.effect > 0.5 && vanished.pValue! < 1e-100, JSON.stringify(vanished));
    const fresh = score(
      chi2.compute(baseline, categoricalSketch([...times(450, 'a'), ...times(450, 'b'), ...times(100, 'c')])),
    );
    assert.ok(fresh.effect > 0.1 && fresh.pValue! < 1e-10, JSON.stringify(fresh));
  });

  it('has an effect that does not depend on how large the samples are', () => {
    const at = (n: number, m: number) =>
      score(
        chi2.compute(
          categoricalBaseline([...times(m * 0.5, 'a'), ...times(m * 0.5, 'b')]),
          categoricalSketch([...times(n * 0.6, 'a'), ...times(n * 0.4, 'b')]),
        ),
      ).effect;
    for (const [n, m] of [
      [5_000, 50_000],
      [50_000, 5_000],
      [50_000, 50_000],
    ] as const)
      near(at(n, m), 0.1005, 0.02);
  });

  it('takes the noise of many categories off its effect', () => {
    const many = Array.from({ length: 20_000 }, (_, i) => `c${i % 200}`);
    const random = Array.from({ length: 2_000 }, (_, i) => `c${(i * i * 31 + i * 7) % 200}`);
    assert.ok(score(chi2.compute(categoricalBaseline(many), categoricalSketch(many.slice(0, 2_000)))).effect === 0);
    assert.ok(score(chi2.compute(categoricalBaseline(many), categoricalSketch(random))).effect < 1);
  });

  it('says when there are too few values', () => {
    const result = chi2.compute(baseline, categoricalSketch(['a', 'b', 'a']));
    assert.ok(result.kind === 'no-score' && result.reason.includes('too few'));
  });
});

describe('rates', () => {
  it('missing: difference of shares, either way, NaN included', () => {
    const baseline = numericBaseline([...times(900, 1), ...times(100, null)]);
    const more = score(
      missingRate.compute(baseline, {
        ...numericBaseline([...times(700, 1), ...times(200, null), ...times(100, Number.NaN)]).sketch,
      }),
    );
    near(more.score, 0.2);
    near(more.effect, 0.2);
    assert.ok(more.pValue! < 1e-20);
    const fewer = score(missingRate.compute(baseline, numericBaseline(times(1000, 1)).sketch));
    near(fewer.score, -0.1);
    near(fewer.effect, 0.1);
  });

  it('unseen: one row in 20,001 is neither significant nor large', () => {
    const baseline = categoricalBaseline(times(20_000, 'a'));
    const one = score(unseenRate.compute(baseline, categoricalSketch([...times(20_000, 'a'), 'new'])));
    near(one.score, 1 / 20_001);
    assert.ok(one.pValue! > 0.9 && one.effect < unseenRate.defaultThreshold);
    const many = score(unseenRate.compute(baseline, categoricalSketch([...times(900, 'a'), ...times(100, 'new')])));
    assert.ok(many.pValue! < 1e-100 && many.effect === 0.1);
  });

  it('unseen: a category that only lost rank is not new, nor is what the cap cut from the baseline', () => {
    const baseline = categoricalBaseline([...times(900, 'a'), ...times(100, 'b')]);
    const ranks = score(unseenRate.compute(baseline, categoricalSketch([...times(100, 'a'), ...times(900, 'b')])));
    assert.deepEqual([ranks.score, ranks.effect, ranks.pValue], [0, 0, 1]);
    const names = new Map(Array.from({ length: 1500 }, (_, i) => [`c${i}`, 1]));
    const sketch = {
      ...categoricalSketch([]),
      count: 1500,
      kind: 'categorical' as const,
      categorical: categoricalFromCounts(names),
    };
    const capped = {
      ...categoricalBaseline([]),
      sketch,
      grid: { kind: 'categorical' as const, categories: sketch.categorical.values },
    };
    const all = [...names.keys()];
    near(score(unseenRate.compute(capped, sketch)).effect + 1, 1);
    near(score(unseenRate.computeOnGrid!.compute(capped, gridOf(capped.grid, all))).effect + 1, 1);
  });

  it('two proportions: exact where both are empty or full', () => {
    assert.deepEqual([twoProportions(0, 10, 0, 20), twoProportions(10, 10, 20, 20)], [1, 1]);
    assert.ok(twoProportions(10, 10, 0, 20) < 1e-4);
  });
});

describe('benjaminiHochberg', () => {
  it('rejects as in the paper’s example', () => {
    const p = [
      0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.324, 0.4262, 0.5719, 0.6528, 0.759, 1,
    ];
    assert.equal(benjaminiHochberg(p, 0.05).filter(Boolean).length, 4);
    assert.deepEqual(benjaminiHochberg(p.toReversed(), 0.05), benjaminiHochberg(p, 0.05).toReversed());
  });

  it('never rejects NaN, counts it, and takes nothing', () => {
    assert.deepEqual(benjaminiHochberg([Number.NaN, 0.03, 0.02], 0.05), [false, true, true]);
    assert.deepEqual(benjaminiHochberg([Number.NaN, 0.04], 0.05), [false, false]);
    assert.deepEqual(benjaminiHochberg([], 0.05), []);
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { chiSquaredSurvival, erfc, logGamma, upperGamma } from '../../../lib/core/statistics/special.ts';

function near(actual: number, expected: number, relative = 1e-12): void {
  assert.ok(Math.abs(actual - expected) <= relative * Math.abs(expected), `${actual}, expected ${expected}`);
}

describe('special functions', () => {
  it('ln Γ', () => {
    near(logGamma(0.5), Math.log(Math.PI) / 2);
    near(logGamma(5), Math.log(24));
    near(logGamma(101), 363.7393755555635);
    near(logGamma(0.1), 2.252712651734206);
  });

  it('χ² survival: closed forms for two and four degrees, known values for one, tails and bodies', () => {
    for (const x of [0.01, 1, 5, 30, 300, 1200]) {
      near(chiSquaredSurvival(x, 2), Math.exp(-x / 2), 1e-11);
      near(chiSquaredSurvival(x, 4), Math.exp(-x / 2) * (1 + x / 2), 1e-11);
    }
    near(chiSquaredSurvival(3.841458820694124, 1), 0.05);
    near(chiSquaredSurvival(18.307038053275146, 10), 0.05);
    near(chiSquaredSurvival(124.34211340400407, 100), 0.05, 1e-11);
    assert.deepEqual([chiSquaredSurvival(0, 3), chiSquaredSurvival(5, 0), chiSquaredSurvival(Infinity, 3)], [1, 1, 0]);
  });

  it('Q(a, x) falls from 1 to 0 without a seam between series and fraction', () => {
    for (const a of [0.5, 3, 50]) {
      let last = 1;
      for (let x = 0; x <= 4 * a + 20; x += a / 40) {
        const q = upperGamma(a, x);
        assert.ok(q <= last && q >= 0 && last - q < 0.35, `a ${a}, x ${x}`);
        last = q;
      }
    }
  });

  it('erfc', () => {
    near(erfc(0), 1);
    near(erfc(1), 0.15729920705028513);
    near(erfc(-1), 1.8427007929497148);
    near(erfc(10), 2.088487583762545e-45, 1e-11);
  });
});

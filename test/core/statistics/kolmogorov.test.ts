import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { kolmogorovSurvival, kolmogorovTwoSample } from '../../../lib/core/statistics/kolmogorov.ts';
import { logGamma } from '../../../lib/core/statistics/special.ts';

/** P(D_n < d), Durbin's matrix by Marsaglia, Tsang and Wang (2003): exact, slow. The oracle. */
function marsaglia(n: number, d: number): number {
  const k = Math.floor(n * d) + 1;
  const m = 2 * k - 1;
  const h = k - n * d;
  const H = Array.from({ length: m }, (_, i) => Array.from({ length: m }, (_c, j) => (i - j + 1 < 0 ? 0 : 1)));
  for (let i = 0; i < m; i++) {
    H[i]![0]! -= h ** (i + 1);
    H[m - 1]![i]! -= h ** (m - i);
  }
  H[m - 1]![0]! += 2 * h - 1 > 0 ? (2 * h - 1) ** m : 0;
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < m; j++) for (let g = 1; g <= i - j + 1; g++) H[i]![j]! /= g;
  }
  let value = power(H, n)[k - 1]![k - 1]!;
  for (let i = 1; i <= n; i++) value = (value * i) / n;
  return value;
}

function power(a: number[][], n: number): number[][] {
  if (n === 1) return a;
  const half = power(a, n >> 1);
  const square = multiply(half, half);
  return n % 2 === 0 ? square : multiply(square, a);
}

function multiply(a: number[][], b: number[][]): number[][] {
  return a.map((row) => row.map((_, j) => row.reduce((sum, x, k) => sum + x * b[k]![j]!, 0)));
}

/** Smirnov's one-sided P(D⁺ ≥ d), exact sum; twice it is the two-sided tail where that is small. */
function smirnov(n: number, d: number): number {
  let sum = 0;
  for (let j = 0; j <= Math.floor(n * (1 - d)); j++) {
    const logChoose = logGamma(n + 1) - logGamma(j + 1) - logGamma(n - j + 1);
    const rest = 1 - d - j / n;
    if (rest > 0) sum += Math.exp(logChoose + (j - 1) * Math.log(d + j / n) + (n - j) * Math.log(rest));
  }
  return d * sum;
}

describe('kolmogorovSurvival', () => {
  it('agrees with the exact distribution in the body', () => {
    for (const [n, tolerance] of [
      [20, 2e-3],
      [100, 2e-4],
      [200, 1e-4],
    ] as const) {
      for (const z of [0.5, 0.7, 0.9, 1.1, 1.3, 1.45]) {
        const d = z / Math.sqrt(n);
        const off = Math.abs(kolmogorovSurvival(d, n) - (1 - marsaglia(n, d)));
        assert.ok(off <= tolerance, `n ${n}, z ${z}: off by ${off}`);
      }
    }
  });

  it('agrees with the exact distribution in the tail, relatively', () => {
    for (const n of [200, 2000, 4545]) {
      for (const z of [1.5, 2, 3, 4]) {
        const d = z / Math.sqrt(n);
        const relative = Math.abs(kolmogorovSurvival(d, n) / (2 * smirnov(n, d)) - 1);
        assert.ok(relative <= (n === 200 ? 0.02 : 0.005), `n ${n}, z ${z}: off by ${relative}`);
      }
    }
  });

  it('falls from 1 to 0 without a seam', () => {
    for (const n of [10, 1000, 1e6]) {
      let last = 1;
      for (let z = 0; z < 6; z += 0.01) {
        const p = kolmogorovSurvival(z / Math.sqrt(n), n);
        assert.ok(p >= 0 && p <= last + 0.02 / n, `n ${n}, z ${z}: ${p} after ${last}`);
        last = p;
      }
      assert.ok(last < 1e-9);
    }
  });
});

describe('kolmogorovTwoSample', () => {
  it('counts paths exactly for small samples', () => {
    // All 20 arrangements of 3 and 3: D = 1 in 2 of them, D ≥ 2/3 in 12.
    assert.ok(Math.abs(kolmogorovTwoSample(1, 3, 3) - 0.1) < 1e-12);
    assert.ok(Math.abs(kolmogorovTwoSample(2 / 3, 3, 3) - 0.6) < 1e-12);
    // scipy: ks_2samp(range(10), [x + 4.5 for x in range(10)]).pvalue
    assert.ok(Math.abs(kolmogorovTwoSample(0.5, 10, 10) - 0.16782134274394334) < 1e-12);
    assert.equal(kolmogorovTwoSample(1 / 3, 3, 3), 1);
  });

  it('is symmetric, and 1 for no distance or no sample', () => {
    assert.equal(kolmogorovTwoSample(0.4, 7, 30), kolmogorovTwoSample(0.4, 30, 7));
    assert.deepEqual([kolmogorovTwoSample(0, 9, 9), kolmogorovTwoSample(1, 0, 9)], [1, 1]);
  });

  it('has no seam where counting gives way to the series', () => {
    const exact = kolmogorovTwoSample(0.2, 100, 100);
    const series = kolmogorovTwoSample(0.2, 101, 100);
    assert.ok(Math.abs(exact - series) < 0.01, `${exact} and ${series}`);
  });
});

import { generator } from '../../support/generator.ts';

/** Seeded samples of the shapes a sketch must hold its bound on. Deterministic: the same size gives the same values. */
export interface Shape {
  name: string;
  sample(n: number): Float64Array;
}

export function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

type Draw = (random: () => number, i: number, n: number) => number;

/** Which of 2,000 spikes of falling height, for atoms around the threshold of being one. */
const spike: Draw = (random) => Math.floor(2000 * random() ** 1.5) * 1.5;

const DRAWS: Record<string, Draw> = {
  uniform: (r) => r(),
  normal: (r) => normal(r),
  'normal, offset 1e9': (r) => 1e9 + normal(r),
  lognormal: (r) => Math.exp(normal(r)),
  'lognormal, sigma 3': (r) => Math.exp(3 * normal(r)),
  exponential: (r) => -Math.log(1 - r()),
  'pareto, alpha 1': (r) => 1 / (1 - r()),
  cauchy: (r) => Math.tan(Math.PI * (r() - 0.5)),
  'both tails to 1e300': (r) => (r() < 0.5 ? -1 : 1) * 10 ** (300 * r()),
  'zero-inflated': (r) => (r() < 0.7 ? 0 : Math.exp(normal(r))),
  'capped at both ends': (r) => Math.max(-1, Math.min(1, normal(r))),
  'integers, few': (r) => Math.floor(r() * 12),
  'integers, many': (r) => Math.round(1000 * normal(r)),
  'spikes near the atom threshold': spike,
  'rounded to cents': (r) => Math.round(100 * Math.exp(4 + normal(r))) / 100,
  constant: () => 42,
  'two far clusters': (r) => (r() < 0.5 ? 0 : 1e12) + normal(r),
  ascending: (_r, i) => i,
  'descending, squared': (_r, i, n) => -((n - i) ** 2),
  'zigzag from both ends': (_r, i, n) => (i % 2 === 0 ? i : n - i) / n,
  'mixture: spike in a slope': (r) => (r() < 0.3 ? 0.5 + r() * 1e-9 : r()),
  'timestamps, ms': (r, i) => 1.7e12 + i * 37 + Math.floor(r() * 50),
};

export const SHAPES: readonly Shape[] = Object.entries(DRAWS).map(([name, draw], index) => ({
  name,
  sample: (n) => {
    const random = generator(1000 + index);
    return Float64Array.from({ length: n }, (_, i) => draw(random, i, n));
  },
}));

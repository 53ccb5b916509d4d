/** Display names of what each metric's threshold is compared with. */
const EFFECT_NAMES: Readonly<Record<string, string>> = {
  psi: 'PSI',
  ks: 'KS distance',
  chi2: "Cramér's V",
  missing_rate: 'missing rate',
  unseen_rate: 'unseen-category rate',
};

/** What people read for a metric's effect; a metric this version does not know by its own name. */
export function effectName(metric: string): string {
  return EFFECT_NAMES[metric] ?? metric;
}

/** How far beyond its threshold an effect is: effect / threshold. A threshold of 0 makes any positive effect infinite. */
export function effectRatio({ effect, threshold }: { effect: number | null; threshold: number }): number {
  if (effect === null || !Number.isFinite(effect)) return 0;
  if (threshold > 0) return effect / threshold;
  return effect > 0 ? Number.POSITIVE_INFINITY : 0;
}

type Effect = Parameters<typeof effectRatio>[0];

/** Orders the greatest effect / threshold first; infinite ones (a threshold of 0) are equal. */
export function strongestFirst(a: Effect, b: Effect): number {
  const [first, second] = [effectRatio(a), effectRatio(b)];
  return first === second ? 0 : second > first ? 1 : -1;
}

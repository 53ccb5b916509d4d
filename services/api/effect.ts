/**
 * What of a score its threshold is compared with, as lib/core/statistics defines it: the size of a rate's difference, the
 * score itself for distances. Null for χ², whose threshold is on Cramér's V, which is not stored.
 */
export function effectOf(metric: string, score: number | null): number | null {
  if (score === null || metric === 'chi2') return null;
  return metric === 'unseen_rate' ? Math.max(0, score) : Math.abs(score);
}

/** The same in SQL, over columns `metric` and `score`. */
export const EFFECT_SQL = "multiIf(metric = 'chi2', NULL, metric = 'unseen_rate', greatest(score, 0), abs(score))";

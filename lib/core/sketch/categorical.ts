import type { CategoricalDistribution } from './types.ts';

/** Categories kept by name; beyond them the heaviest stay and the rest is one count, so totals stay exact. */
export const CATEGORY_CAP = 1000;

/** The distribution of these counts (category → observations) and of `other` observations already without a name. */
export function categoricalFromCounts(counts: ReadonlyMap<string, number>, other = 0): CategoricalDistribution {
  let entries = [...counts].filter(([, count]) => count > 0);
  let overflow = other;
  if (entries.length > CATEGORY_CAP) {
    entries.sort((a, b) => b[1] - a[1] || byCodeUnit(a, b));
    overflow += sum(entries.slice(CATEGORY_CAP));
    entries = entries.slice(0, CATEGORY_CAP);
  }
  entries.sort(byCodeUnit);
  return {
    n: sum(entries) + overflow,
    values: entries.map(([value]) => value),
    counts: entries.map(([, count]) => count),
    other: overflow,
  };
}

/**
 * Adds the parts up and caps again. Totals are exact; so is every category while no part was capped and the union fits.
 * Order of the parts does not matter; nesting does only where a cap cut something off.
 */
export function mergeCategorical(parts: readonly CategoricalDistribution[]): CategoricalDistribution {
  const counts = new Map<string, number>();
  let other = 0;
  for (const part of parts) {
    other += part.other;
    part.values.forEach((value, i) => {
      counts.set(value, (counts.get(value) ?? 0) + part.counts[i]!);
    });
  }
  return categoricalFromCounts(counts, other);
}

function sum(entries: readonly (readonly [string, number])[]): number {
  return entries.reduce((total, [, count]) => total + count, 0);
}

/** JavaScript's own string order: the same on every machine, unlike a locale's. */
function byCodeUnit(a: readonly [string, number], b: readonly [string, number]): number {
  return a[0] < b[0] ? -1 : Number(a[0] > b[0]);
}

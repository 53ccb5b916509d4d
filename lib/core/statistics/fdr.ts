/**
 * Benjamini and Hochberg's step-up procedure (1995): which hypotheses to reject so that the expected share of false
 * ones among them is at most `alpha`. Same order as given; NaN is never rejected, and does count as a test.
 */
export function benjaminiHochberg(pValues: readonly number[], alpha: number): boolean[] {
  const ordered = pValues.filter((p) => !Number.isNaN(p)).sort((a, b) => a - b);
  let cut = -1;
  ordered.forEach((p, i) => {
    if (p <= (alpha * (i + 1)) / pValues.length) cut = p;
  });
  return pValues.map((p) => p <= cut);
}

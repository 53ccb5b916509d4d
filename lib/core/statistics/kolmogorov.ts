/** Largest n·m for which the two-sample distribution is counted exactly. */
const EXACT_PRODUCT = 10_000;
/** Where n·D² passes this the tail formula takes over from the series, as in scipy's kolmogn. */
const TAIL_FROM = 2.2;

/**
 * p-value of the two-sided two-sample Kolmogorov–Smirnov test. Exact (path counting) while n·m ≤ 10,000, otherwise
 * the distribution of the one-sample statistic at round(n·m/(n+m)), as scipy's ks_2samp does with method="asymp".
 * Ties make both conservative.
 */
export function kolmogorovTwoSample(d: number, n: number, m: number): number {
  if (n === 0 || m === 0 || d <= 0) return 1;
  if (n * m <= EXACT_PRODUCT) return exactTwoSample(d, Math.min(n, m), Math.max(n, m));
  return kolmogorovSurvival(d, Math.max(1, Math.round((n * m) / (n + m))));
}

/**
 * P(D_n ≥ d) of the one-sample statistic: Pelz and Good's asymptotic series (1976) in the body, twice Smirnov's
 * one-sided tail beyond. Accuracy measured in docs/statistics.md.
 */
export function kolmogorovSurvival(d: number, n: number): number {
  if (d <= 0.5 / n) return 1;
  if (d >= 1) return 0;
  const square = n * d * d;
  return clamp(square >= TAIL_FROM ? 2 * smirnovTail(d, n) : 1 - pelzGood(d, n));
}

/**
 * P(D⁺ > d): exp(−(6nd + 1)²/18n) (Maag and Dicaire 1971) and the next term of the exponent, 4nd⁴/9, without which far tails
 * of small samples come out too likely.
 */
function smirnovTail(d: number, n: number): number {
  return Math.exp(-((6 * n * d + 1) ** 2) / (18 * n) - (4 / 9) * n * d ** 4);
}

/** Pelz and Good: K0 + K1/√n + K2/n + K3/n^1.5 at z = d·√n, by the theta series that converge fast below z ≈ 1.5. */
function pelzGood(d: number, n: number): number {
  const z = d * Math.sqrt(n);
  const pi2 = Math.PI ** 2;
  const z2 = z * z;
  const sums = [0, 0, 0, 0];
  for (let k = 0; k < 20; k++) {
    const odd = (k + 0.5) ** 2 * pi2;
    const weight = Math.exp(-odd / (2 * z2));
    if (weight < 1e-30 * Math.max(1e-270, sums[0]!)) break;
    sums[0]! += weight;
    sums[1]! += weight * (odd - z2);
    sums[2]! += weight * (6 * z2 ** 3 + 2 * z2 ** 2 + odd * (2 * z2 ** 2 - 5 * z2) + odd ** 2 * (1 - 2 * z2));
    sums[3]! +=
      weight *
      (-30 * z2 ** 3 -
        90 * z2 ** 4 +
        odd * (135 * z2 ** 2 - 96 * z2 ** 3) +
        odd ** 2 * (212 * z2 ** 2 - 60 * z2) +
        odd ** 3 * (5 - 30 * z2));
  }
  return combine(sums as [number, number, number, number], z, n, evenSums(z2, pi2));
}

function evenSums(z2: number, pi2: number): [number, number] {
  let second = 0;
  let third = 0;
  for (let k = 1; k < 20; k++) {
    const even = k * k * pi2;
    const weight = Math.exp(-even / (2 * z2));
    second += weight * even;
    third += weight * even * (3 * z2 - even);
  }
  return [second, third];
}

function combine(sums: [number, number, number, number], z: number, n: number, even: [number, number]): number {
  const root = Math.sqrt(2 * Math.PI);
  const half = Math.sqrt(Math.PI / 2);
  const k0 = (root / z) * sums[0];
  const k1 = (half / (3 * z ** 4)) * sums[1];
  const k2 = (half / (36 * z ** 7)) * sums[2] - (half / (18 * z ** 3)) * even[0];
  const k3 = (half / (3240 * z ** 10)) * sums[3] + (half / (108 * z ** 6)) * even[1];
  return k0 + k1 / Math.sqrt(n) + k2 / n + k3 / n ** 1.5;
}

/** P(D ≥ d) by counting lattice paths that stay inside (Hodges 1957; the recursion of R's psmirnov), scaled. */
function exactTwoSample(d: number, n: number, m: number): number {
  const limit = (0.5 + Math.floor(d * n * m - 1e-7)) / (n * m);
  const inside = new Float64Array(m + 1);
  for (let j = 0; j <= m; j++) inside[j] = j / m > limit ? 0 : 1;
  for (let i = 1; i <= n; i++) {
    const weight = i / (i + m);
    inside[0] = i / n > limit ? 0 : weight * inside[0]!;
    for (let j = 1; j <= m; j++) {
      inside[j] = Math.abs(i / n - j / m) > limit ? 0 : weight * inside[j]! + inside[j - 1]!;
    }
  }
  return clamp(1 - inside[m]!);
}

function clamp(p: number): number {
  return Math.min(1, Math.max(0, p));
}

/** Powers of ten that a double holds exactly. */
const POWERS = Float64Array.from({ length: 23 }, (_, i) => Number(`1e${i}`));
/** Digits that a double surely holds as an integer. */
export const EXACT_DIGITS = 15;
/** Digits that `longDecimal` takes. */
export const MOST_DIGITS = 18;
/** Decimal places by which may be divided. */
export const MOST_PLACES = 22;
/** Splits a double into two halves of 26 bits (Dekker 1971). */
const SPLITTER = 2 ** 27 + 1;
/** Beyond every error of the quotient below, by far. */
const SLACK = 2 ** -98;

/** `digits` / 10^`places`, correctly rounded: both are exact, and a division rounds once (Clinger 1990). */
export function shortDecimal(digits: number, places: number): number {
  return places === 0 ? digits : digits / POWERS[places]!;
}

/**
 * (`head` · 10^`more` + `tail`) / 10^`places`, correctly rounded, or NaN where that is too close to call: the integer is
 * kept exactly as two doubles and divided in double-double, and the result is taken if both ends of its error bound round
 * alike (Ziv 1991). `head` < 10^15, `tail` < 10^`more`, `more` ≤ 3, `places` ≤ 22.
 */
export function longDecimal(head: number, more: number, tail: number, places: number): number {
  const scale = POWERS[more]!;
  const product = head * scale;
  const sum = product + tail;
  const carried = sum - product;
  const rest = productError(head, scale, product) + (product - (sum - carried) + (tail - carried));
  if (places === 0) return sum + rest;
  const divisor = POWERS[places]!;
  const quotient = sum / divisor;
  const back = quotient * divisor;
  const correction = (sum - back - productError(quotient, divisor, back) + rest) / divisor;
  const slack = quotient * SLACK;
  const low = quotient + (correction - slack);
  return low === quotient + (correction + slack) ? low : Number.NaN;
}

/** a · b − fl(a · b), exactly. */
function productError(a: number, b: number, product: number): number {
  const wideA = SPLITTER * a;
  const highA = wideA - (wideA - a);
  const lowA = a - highA;
  const wideB = SPLITTER * b;
  const highB = wideB - (wideB - b);
  const lowB = b - highB;
  return lowA * lowB - (product - highA * highB - lowA * highB - highA * lowB);
}

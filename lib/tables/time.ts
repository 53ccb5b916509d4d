/**
 * A time as the text every DateTime64(3, 'UTC') column takes: 'YYYY-MM-DD HH:MM:SS.mmm'. `ms` since the epoch; throws
 * RangeError outside the years 1900 to 2299, which DateTime64 cannot hold and would silently bend.
 */
export function sqlTime(ms: number): string {
  if (!(ms >= FIRST_MS && ms <= LAST_MS)) throw new RangeError(`time ${ms} is outside 1900 to 2299`);
  return new Date(ms).toISOString().replace('T', ' ').slice(0, -1);
}

const FIRST_MS = Date.UTC(1900, 0, 1);
const LAST_MS = Date.UTC(2299, 11, 31, 23, 59, 59, 999);

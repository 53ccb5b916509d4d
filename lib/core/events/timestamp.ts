const ISO_8601 =
  /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?(Z|[+-]\d{2}:?\d{2})?)?$/i;

/** The last millisecond of year 9999. */
const MAX_TIMESTAMP = 253_402_300_799_999;

/**
 * Milliseconds since the epoch of a number (ms; fractions are cut) or an ISO 8601 text (without a zone: UTC), or null
 * where it is neither, before 1970 or after year 9999.
 */
export function parseTimestamp(value: unknown): number | null {
  const ms = typeof value === 'number' ? Math.floor(value) : typeof value === 'string' ? parseIso(value) : Number.NaN;
  return ms >= 0 && ms <= MAX_TIMESTAMP ? ms : null;
}

function parseIso(text: string): number {
  const match = ISO_8601.exec(text);
  if (match === null) return Number.NaN;
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map((part) => Number(part ?? 0)) as number[];
  if (hour! > 23 || minute! > 59 || second! > 59) return Number.NaN;
  const millis = Number((match[7] ?? '').padEnd(3, '0').slice(0, 3));
  const ms = Date.UTC(year!, month! - 1, day!, hour!, minute!, second!, millis);
  // Date.UTC carries 30 February over into March, and reads years below 100 as 19xx: both are no dates here.
  const date = new Date(ms);
  if (date.getUTCFullYear() !== year || date.getUTCMonth() !== month! - 1 || date.getUTCDate() !== day)
    return Number.NaN;
  return ms - zoneOffset(match[8]);
}

/** Offset of `Z`, `+02:00` or `-0530` in ms; NaN beyond a day. */
function zoneOffset(zone: string | undefined): number {
  if (zone === undefined || zone.toUpperCase() === 'Z') return 0;
  const hours = Number(zone.slice(1, 3));
  const minutes = Number(zone.slice(-2));
  if (hours > 23 || minutes > 59) return Number.NaN;
  return (zone[0] === '-' ? -1 : 1) * (hours * 60 + minutes) * 60_000;
}

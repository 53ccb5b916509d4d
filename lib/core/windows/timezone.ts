const DAY_MS = 86_400_000;
/** No zone is further than this from UTC. */
const MAX_OFFSET_MS = 16 * 3_600_000;
/** Days remembered a zone; beyond it the memory starts anew, so hostile timestamps cannot fill it. */
const MAX_REMEMBERED = 4096;

interface Zone {
  format: Intl.DateTimeFormat;
  starts: Map<number, number>;
}

const zones = new Map<string, Zone>();

/** Why this is not a time zone, or null when it is one (an IANA name, or UTC). */
export function validateTimezone(timezone: string): string | null {
  try {
    new Intl.DateTimeFormat('en-US', { timeZone: timezone });
    return null;
  } catch {
    return `unknown time zone ${JSON.stringify(timezone)}: use an IANA name such as Europe/Berlin, or UTC`;
  }
}

/** Local date as days since 1970-01-01. */
export function localDay(timestamp: number, timezone: string): number {
  let day = Math.floor(localTime(zoneOf(timezone), timestamp) / DAY_MS);
  // Where clocks go back across midnight a date is left and entered again: the boundary decides, not the clock.
  while (timestamp < startOfLocalDay(day, timezone)) day--;
  while (timestamp >= startOfLocalDay(day + 1, timezone)) day++;
  return day;
}

/** The first instant of a local date; the one after the gap where its midnight does not exist. */
export function startOfLocalDay(day: number, timezone: string): number {
  const zone = zoneOf(timezone);
  const known = zone.starts.get(day);
  if (known !== undefined) return known;
  if (zone.starts.size >= MAX_REMEMBERED) zone.starts.clear();
  const start = searchStart(zone, day);
  zone.starts.set(day, start);
  return start;
}

function searchStart(zone: Zone, day: number): number {
  let low = day * DAY_MS - MAX_OFFSET_MS;
  let high = day * DAY_MS + MAX_OFFSET_MS;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (localTime(zone, middle) < day * DAY_MS) low = middle + 1;
    else high = middle;
  }
  return low;
}

function zoneOf(timezone: string): Zone {
  let zone = zones.get(timezone);
  if (zone === undefined) {
    zone = { format: clockOf(timezone), starts: new Map() };
    zones.set(timezone, zone);
  }
  return zone;
}

function clockOf(timezone: string): Intl.DateTimeFormat {
  return new Intl.DateTimeFormat('en-US', {
    timeZone: timezone,
    hourCycle: 'h23',
    era: 'short',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
}

/** What the wall clock shows, as if it were UTC; whole seconds. */
function localTime(zone: Zone, timestamp: number): number {
  const shown = new Map(zone.format.formatToParts(timestamp).map((part) => [part.type, part.value]));
  const field = (type: Intl.DateTimeFormatPartTypes) => Number(shown.get(type));
  const year = shown.get('era') === 'BC' ? 1 - field('year') : field('year');
  const date = new Date(0);
  date.setUTCFullYear(year, field('month') - 1, field('day'));
  date.setUTCHours(field('hour'), field('minute'), field('second'));
  return date.getTime();
}

/** The last moment the store can date; an arrival beyond it is no date. */
const LAST = Date.UTC(2299, 0, 1);

/** ms since the epoch of an arrival header's text, or null where it is no decimal number of ms before the year 2299. */
export function parseArrival(text: string): number | null {
  if (!/^\d{1,15}$/.test(text)) return null;
  const at = Number(text);
  return at < LAST ? at : null;
}

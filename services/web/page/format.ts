/** Numbers with about three significant digits; large ones grouped. */
export function number(value: number | null | undefined): string {
  if (value === null || value === undefined) return '–';
  const size = Math.abs(value);
  if (size >= 1000) return Math.round(value).toLocaleString('en-GB');
  if (size !== 0 && size < 0.001) return value.toExponential(1);
  return String(Number(value.toPrecision(3)));
}

export function count(value: number): string {
  return value.toLocaleString('en-GB');
}

export function percent(share: number | null): string {
  if (share === null) return '–';
  const value = share * 100;
  return `${value !== 0 && value < 0.1 ? '<0.1' : Number(value.toFixed(1))} %`;
}

/** A p-value; tiny ones by their order only. */
export function pValue(value: number | null): string {
  if (value === null) return '–';
  return value < 0.0001 ? '< 0.0001' : String(Number(value.toPrecision(2)));
}

/** UTC, to the minute; the day alone where the time is midnight. */
export function time(ms: number): string {
  const text = new Date(ms).toISOString();
  return text.endsWith('T00:00:00.000Z') ? text.slice(0, 10) : `${text.slice(0, 10)} ${text.slice(11, 16)}`;
}

const UNITS: readonly [string, number][] = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1000],
];

export function duration(ms: number): string {
  const [unit, size] = UNITS.find(([, length]) => ms >= length && ms % length === 0) ?? UNITS.at(-1)!;
  const amount = Number((ms / size).toPrecision(3));
  return `${amount} ${unit}${amount === 1 ? '' : 's'}`;
}

export function modelPath(model: string): string {
  return `/models/${encodeURIComponent(model)}`;
}

export function featurePath(model: string, feature: string, query: Record<string, string | number> = {}): string {
  const search = new URLSearchParams(Object.entries(query).map(([key, value]) => [key, String(value)])).toString();
  return `${modelPath(model)}/features/${encodeURIComponent(feature)}${search === '' ? '' : `?${search}`}`;
}

export function incidentPath(incident: string): string {
  return `/incidents/${encodeURIComponent(incident)}`;
}

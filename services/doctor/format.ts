const SIZES = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

/** `1.5 GiB`. */
export function formatBytes(bytes: number): string {
  const step = bytes < 1024 ? 0 : Math.min(SIZES.length - 1, Math.floor(Math.log2(bytes) / 10));
  const value = bytes / 1024 ** step;
  return `${step === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${SIZES[step]}`;
}

const UNITS: readonly (readonly [string, number])[] = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1_000],
];

/** A length of time for people, to two figures: `2.5 h`, `340 ms`. */
export function formatSpan(ms: number): string {
  const unit = UNITS.find(([, size]) => Math.abs(ms) >= size);
  if (unit === undefined) return `${Math.round(ms)} ms`;
  const value = ms / unit[1];
  return `${Math.abs(value) >= 10 ? Math.round(value) : Number(value.toFixed(1))} ${unit[0]}`;
}

/** `partition 3` or `partitions 0, 3, 4 …`. */
export function listPartitions(partitions: readonly number[]): string {
  const shown = partitions.slice(0, 8).join(', ');
  return `partition${partitions.length === 1 ? '' : 's'} ${shown}${partitions.length > 8 ? ' …' : ''}`;
}

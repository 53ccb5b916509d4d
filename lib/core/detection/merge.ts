import { baseSpecId } from '../chunks/frozen.ts';
import { mergeFeatureSketches } from '../sketch/feature.ts';
import { mergeGridCounts } from '../sketch/grid.ts';
import type { FeatureSketch, GridCounts } from '../sketch/types.ts';
import { chunkName } from './agreement.ts';
import type { GridLookup, LedgerRow, SealedColumn, SealedWindow } from './types.ts';

/** Note of a column whose chunks counted it differently. */
export const SPEC_CHANGED = 'spec changed';

/** Values of columns past the cap share this name: its count is of values, not of events. */
const OVERFLOW = '__other__';

/** Rows of one window each, by (version, role, window): the order of the result is by window, version, role. */
export function groupByWindow(rows: readonly LedgerRow[]): LedgerRow[][] {
  const groups = new Map<string, LedgerRow[]>();
  for (const row of rows) {
    const name = JSON.stringify([row.window.start, row.window.end, row.version, row.role]);
    const group = groups.get(name);
    if (group) group.push(row);
    else groups.set(name, [row]);
  }
  return [...groups.values()].sort((a, b) => compareWindows(a[0]!, b[0]!));
}

/**
 * Merges the ledger rows of one window (at least one; bound, and in agreement) in (partition, chunk, generation) order,
 * so that the same ledger gives the same bytes. A column that some chunk did not know has its events there as missing.
 */
export function mergeWindow(model: string, rows: readonly LedgerRow[], gridOf: GridLookup): SealedWindow {
  const { version, role, window } = rows[0]!;
  const ordered = [...rows].sort(compareSources);
  const heads = ordered.filter((row) => row.feature === '' && row.segment === '');
  const specIds = [...new Set(heads.map((row) => baseSpecId(row.specId)))].sort();
  const events = countEvents(ordered);
  return {
    model,
    version,
    role,
    window,
    events: sum(heads, (row) => row.count),
    covered: sum(heads, (row) => row.covered - row.chunkStart),
    coverage: coverageOf(heads),
    specIds,
    columns: [...groupByColumn(ordered).values()].map((parts) => mergeColumn(parts, events, specIds, gridOf)),
  };
}

function mergeColumn(
  parts: readonly LedgerRow[],
  eventsOf: ReadonlyMap<string, number>,
  specIds: readonly string[],
  gridOf: GridLookup,
): SealedColumn {
  const { feature, segment } = parts[0]!;
  const counted = sum(parts, (row) => row.count);
  const events = feature === OVERFLOW ? counted : (eventsOf.get(segment) ?? counted);
  const column: SealedColumn = {
    feature,
    segment,
    count: events,
    errors: sum(parts, (row) => row.errors),
    kind: parts[0]!.kind,
    sketch: null,
    grid: null,
    note: '',
  };
  const comparable = segment === '' || sharesGrid(feature, segment, specIds, gridOf);
  if (!comparable) return { ...column, count: 0, errors: 0, note: SPEC_CHANGED };
  const merged = mergeDistributions(parts, Math.max(0, events - counted));
  return { ...column, ...merged, kind: merged.sketch?.kind ?? column.kind };
}

function mergeDistributions(
  parts: readonly LedgerRow[],
  unknown: number,
): { sketch: FeatureSketch | null; grid: GridCounts | null } {
  const sketches = parts.flatMap((row) => (row.sketch === null ? [] : [row.sketch]));
  const grids = parts.flatMap((row) => (row.grid === null ? [] : [row.grid]));
  const withUnknown = <T extends { count: number; missing: number }>(counts: T): T => ({
    ...counts,
    count: counts.count + unknown,
    missing: counts.missing + unknown,
  });
  return {
    sketch: sketches.length > 0 ? withUnknown(mergeFeatureSketches(sketches)) : null,
    grid: grids.length > 0 ? withUnknown(mergeGridCounts(grids)) : null,
  };
}

/** Every chunk of the window counted this segment, on one grid: also the chunks in which its value did not occur. */
function sharesGrid(feature: string, segment: string, specIds: readonly string[], gridOf: GridLookup): boolean {
  if (specIds.length === 1) return true;
  const name = segmentName(segment);
  const grids = specIds.map((spec) => gridOf(spec, feature, name));
  return grids[0] !== null && grids.every((grid) => grid === grids[0]);
}

/** NAME of `NAME=VALUE`. */
export function segmentName(segment: string): string {
  return segment.slice(0, Math.max(0, segment.indexOf('=')));
}

/** Events by segment ('' for all): the counts of the rows for the window or segment itself. */
function countEvents(rows: readonly LedgerRow[]): Map<string, number> {
  const events = new Map<string, number>();
  for (const row of rows) {
    if (row.feature === '') events.set(row.segment, (events.get(row.segment) ?? 0) + row.count);
  }
  return events;
}

function groupByColumn(rows: readonly LedgerRow[]): Map<string, LedgerRow[]> {
  const groups = new Map<string, LedgerRow[]>();
  for (const row of rows) {
    const name = JSON.stringify([row.segment, row.feature]);
    const group = groups.get(name);
    if (group) group.push(row);
    else groups.set(name, [row]);
  }
  return groups;
}

function coverageOf(heads: readonly LedgerRow[]): SealedWindow['coverage'] {
  const furthest = new Map<string, SealedWindow['coverage'][number]>();
  for (const { topic, incarnation, partition, covered } of heads) {
    const name = chunkName({ topic, incarnation, partition, chunkStart: 0 });
    const known = furthest.get(name)?.[3] ?? 0;
    furthest.set(name, [topic, incarnation, partition, Math.max(known, covered)]);
  }
  return [...furthest.values()];
}

function compareSources(a: LedgerRow, b: LedgerRow): number {
  return (
    compareText(a.topic, b.topic) ||
    compareText(a.incarnation, b.incarnation) ||
    a.partition - b.partition ||
    a.chunkStart - b.chunkStart ||
    a.generation - b.generation ||
    compareText(a.segment, b.segment) ||
    compareText(a.feature, b.feature)
  );
}

function compareWindows(a: LedgerRow, b: LedgerRow): number {
  return a.window.start - b.window.start || compareText(a.version, b.version) || compareText(a.role, b.role);
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function sum(rows: readonly LedgerRow[], amountOf: (row: LedgerRow) => number): number {
  return rows.reduce((total, row) => total + amountOf(row), 0);
}

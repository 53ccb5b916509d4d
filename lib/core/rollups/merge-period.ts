import { SPEC_CHANGED } from '../detection/merge.ts';
import { mergeFeatureSketches } from '../sketch/feature.ts';
import { mergeGridCounts } from '../sketch/grid.ts';
import { PERIOD_TOLERANCE } from '../sketch/numeric.ts';
import type { FeatureKind, FeatureSketch, GridCounts } from '../sketch/types.ts';

/** Note of a segment's column that was counted on a grid nobody wrote down (rows of before 0.2). */
export const GRID_UNKNOWN = 'grid unknown';

/** Values of columns past the cap share this name: its count is of values, not of events. */
const OVERFLOW = '__other__';

/** What one window or period keeps of one column. */
export interface PeriodColumn {
  feature: string;
  /** '' or NAME=VALUE */
  segment: string;
  /** Events, whether they carried the column or not; 0 with a note. */
  count: number;
  errors: number;
  /** '' for the window or segment itself. */
  kind: FeatureKind | '';
  sketch: FeatureSketch | null;
  /** A segment's counts, on the grid that `gridId` names ('': not known). */
  grid: GridCounts | null;
  gridId: string;
  /** Why a distribution is absent, or ''. */
  note: string;
}

/**
 * One column of a period from those of its windows (or of its hours), at least one; their order does not matter. `events`:
 * of the period, or of the segment in it: where some window did not know the column its events count as missing, as in a
 * sealed window. Counts, extremes, categories under their cap and grid cells are exact; moments are folded in a canonical
 * order; the CDF is within PERIOD_TOLERANCE's tolerance of the windows'. A segment whose windows were counted on different
 * grids has no distribution.
 */
export function mergePeriodColumn(parts: readonly PeriodColumn[], events: number): PeriodColumn {
  const { feature, segment } = parts[0]!;
  const counted = sum(parts, ({ count }) => count);
  const count = feature === OVERFLOW || feature === '' ? counted : Math.max(events, counted);
  const merged: PeriodColumn = {
    ...{ feature, segment, count, errors: sum(parts, ({ errors }) => errors), kind: parts[0]!.kind },
    ...{ sketch: null, grid: null, gridId: '', note: '' },
  };
  const note = feature === '' ? '' : incomparable(parts);
  if (note !== '') return { ...merged, count: 0, errors: 0, note };
  const unknown = count - counted;
  const sketches = parts.flatMap(({ sketch }) => (sketch === null ? [] : [sketch]));
  const grids = parts.flatMap(({ grid }) => (grid === null ? [] : [grid]));
  if (sketches.length > 0) merged.sketch = withMissing(mergeFeatureSketches(sketches, PERIOD_TOLERANCE), unknown);
  if (grids.length > 0) merged.grid = withMissing(mergeGridCounts(grids), unknown);
  return { ...merged, kind: merged.sketch?.kind ?? merged.kind, gridId: parts[0]!.gridId };
}

/** Why the parts cannot be added up, or ''. */
function incomparable(parts: readonly PeriodColumn[]): string {
  const noted = parts.map(({ note }) => note).filter((note) => note !== '');
  if (noted.length > 0) return noted.sort()[0]!;
  if (parts[0]!.segment === '') return '';
  const grids = new Set(parts.map(({ gridId }) => gridId));
  if (grids.size > 1) return SPEC_CHANGED;
  return parts.length > 1 && grids.has('') ? GRID_UNKNOWN : '';
}

function withMissing<T extends { count: number; missing: number }>(counts: T, unknown: number): T {
  return { ...counts, count: counts.count + unknown, missing: counts.missing + unknown };
}

function sum(parts: readonly PeriodColumn[], amountOf: (part: PeriodColumn) => number): number {
  return parts.reduce((total, part) => total + amountOf(part), 0);
}

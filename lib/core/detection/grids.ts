import type { AggregationSpec } from '../chunks/spec.ts';
import type { FeatureGrid } from '../sketch/types.ts';
import type { GridLookup } from './types.ts';

/** Grids are frozen, and the same few are compared for every window. */
const KEYS = new WeakMap<FeatureGrid, string>();

/** Equal for equal grids. */
export function gridKey(grid: FeatureGrid): string {
  const known = KEYS.get(grid);
  if (known !== undefined) return known;
  const key = JSON.stringify([grid.kind, grid.kind === 'numeric' ? grid.edges : grid.categories]);
  KEYS.set(grid, key);
  return key;
}

/** Grids of one model in the given specs, by spec id. */
export function gridLookup(specs: ReadonlyMap<string, AggregationSpec>, model: string): GridLookup {
  const keys = new Map<string, string>();
  for (const [id, spec] of specs) {
    const declared = spec.models.find((candidate) => candidate.model === model);
    for (const segment of declared?.segments ?? []) {
      keys.set(JSON.stringify([id, '', segment]), 'events');
      for (const column of declared?.columns ?? []) {
        keys.set(JSON.stringify([id, column.name, segment]), gridKey(column.grid));
      }
    }
  }
  return (specId, feature, segmentName) => keys.get(JSON.stringify([specId, feature, segmentName])) ?? null;
}

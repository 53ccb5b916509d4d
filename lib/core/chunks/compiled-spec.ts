import { gridIndexer, gridSize } from '../sketch/grid.ts';
import type { FeatureKind } from '../sketch/types.ts';
import type { WindowSpec } from '../windows/types.ts';
import type { AggregationSpec, ModelAggregation } from './spec.ts';

export interface CompiledColumn {
  name: string;
  kind: FeatureKind;
  /** Number of cells of the frozen grid. */
  cells: number;
  cellOf(value: number | string): number;
}

export interface CompiledModel {
  window: WindowSpec;
  segments: readonly string[];
  columns: ReadonlyMap<string, CompiledColumn>;
  /** Windows alone, no columns: models past the cap. */
  countsOnly: boolean;
}

/** The spec made quick to look up. */
export function compileModels(spec: AggregationSpec): Map<string, CompiledModel> {
  return new Map(spec.models.map((model) => [model.model, compileModel(model)]));
}

/** What an undeclared model is read as. */
export function undeclaredModel(spec: AggregationSpec, countsOnly: boolean): CompiledModel {
  return { window: spec.defaults.window, segments: [], columns: new Map(), countsOnly };
}

function compileModel(model: ModelAggregation): CompiledModel {
  const columns = model.columns.map(({ name, kind, grid }): [string, CompiledColumn] => [
    name,
    { name, kind, cells: gridSize(grid), cellOf: gridIndexer(grid) },
  ]);
  return { window: model.window, segments: model.segments, columns: new Map(columns), countsOnly: false };
}

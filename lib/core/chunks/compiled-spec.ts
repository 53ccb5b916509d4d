import { gridIndexer, gridSize } from '../sketch/grid.ts';
import type { FeatureKind } from '../sketch/types.ts';
import type { WindowSpec } from '../windows/types.ts';
import { columnSlots } from './column-slots.ts';
import type { AggregationSpec, ModelAggregation } from './spec.ts';

export interface CompiledColumn {
  name: string;
  kind: FeatureKind;
  /** Number of cells of the frozen grid. */
  cells: number;
  /** Where its counts begin among those of a segment. */
  slot: number;
  cellOf(value: number | string): number;
}

export interface CompiledModel {
  window: WindowSpec;
  segments: readonly string[];
  columns: ReadonlyMap<string, CompiledColumn>;
  /** Counts that a segment keeps over all columns. */
  slots: number;
  declared: boolean;
  /** Windows alone, no columns: models past the cap. */
  countsOnly: boolean;
}

/** The spec made quick to look up. */
export function compileModels(spec: AggregationSpec): Map<string, CompiledModel> {
  return new Map(spec.models.map((model) => [model.model, compileModel(model)]));
}

/** What an undeclared model is read as. */
export function undeclaredModel(spec: AggregationSpec, countsOnly: boolean): CompiledModel {
  return {
    window: spec.defaults.window,
    segments: [],
    columns: new Map(),
    slots: 0,
    declared: false,
    countsOnly,
  };
}

function compileModel({ window, segments, columns }: ModelAggregation): CompiledModel {
  let slots = 0;
  const compiled = columns.map(({ name, kind, grid }): [string, CompiledColumn] => {
    const cells = gridSize(grid);
    const slot = slots;
    slots += columnSlots(cells);
    return [name, { name, kind, cells, slot, cellOf: gridIndexer(grid) }];
  });
  return { window, segments, columns: new Map(compiled), slots, declared: true, countsOnly: false };
}

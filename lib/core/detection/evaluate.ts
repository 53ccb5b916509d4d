import type { BaselineColumn } from '../baselines/types.ts';
import type { MetricName, Monitor } from '../monitors/types.ts';
import { emptySketch } from '../sketch/feature.ts';
import type { FeatureSketch, GridCounts } from '../sketch/types.ts';
import { METRICS } from '../statistics/registry.ts';
import type { MetricDefinition, MetricResult } from '../statistics/types.ts';
import { gridKey } from './grids.ts';
import { SPEC_CHANGED, segmentName } from './merge.ts';
import { thresholdOf } from './threshold.ts';
import type { GridLookup, ReadyMonitor, SealedColumn, SealedWindow } from './types.ts';

/** One test of a window before the verdict: what the metric found and what it is compared with. */
export interface Evaluation {
  monitor: Monitor;
  feature: string;
  segment: string;
  metric: MetricName;
  definition: string;
  threshold: number;
  result: MetricResult;
}

type Columns = ReadonlyMap<string, SealedColumn>;

/**
 * Runs every test the monitors ask of a window: target columns × metrics that apply × (the whole, and each value of the
 * monitor's segments that occurs). A column that cannot be tested says so in its result and never stops the others.
 */
export function evaluateWindow(
  window: SealedWindow,
  monitors: readonly ReadyMonitor[],
  gridOf: GridLookup,
): Evaluation[] {
  const bySegment = columnsBySegment(window);
  return monitors.flatMap((ready) =>
    segmentsOf(ready.monitor, bySegment).flatMap((segment) =>
      targets(ready).flatMap((column) =>
        evaluateColumn(ready.monitor, column, segment, bySegment.get(segment)!, window, gridOf),
      ),
    ),
  );
}

function columnsBySegment(window: SealedWindow): Map<string, Map<string, SealedColumn>> {
  const result = new Map<string, Map<string, SealedColumn>>();
  for (const column of window.columns) {
    const columns = result.get(column.segment) ?? new Map<string, SealedColumn>();
    result.set(column.segment, columns.set(column.feature, column));
  }
  return result;
}

/** '' and each value of the monitor's segments that the window holds. */
function segmentsOf(monitor: Monitor, bySegment: ReadonlyMap<string, unknown>): string[] {
  const wanted = new Set(monitor.segments);
  return [...bySegment.keys()].filter((segment) => segment === '' || wanted.has(segmentName(segment)));
}

function targets({ monitor, baseline }: ReadyMonitor): BaselineColumn[] {
  if (monitor.target === '*') return [...baseline.columns.values()];
  return monitor.target.flatMap((feature) => baseline.columns.get(feature) ?? []);
}

function evaluateColumn(
  monitor: Monitor,
  baseline: BaselineColumn,
  segment: string,
  columns: Columns,
  window: SealedWindow,
  gridOf: GridLookup,
): Evaluation[] {
  const { feature } = baseline;
  const definitions = monitor.metrics.map((metric) => METRICS[metric]).filter((metric) => metric.appliesTo(baseline));
  return definitions.flatMap((definition): Evaluation[] => {
    const onGrid = definition.computeOnGrid;
    if (segment !== '' && onGrid === undefined) return [];
    const threshold = thresholdOf(monitor, definition, baseline.spread[definition.metric]);
    const common = { monitor, feature, segment, metric: definition.metric, threshold };
    if (segment === '') {
      const result = guarded(() => testWhole(definition, baseline, columns));
      return [{ ...common, definition: definition.definition, result }];
    }
    const result = guarded(() => testSegment(definition, baseline, segment, columns, window, gridOf));
    return [{ ...common, definition: onGrid!.definition, result }];
  });
}

function testWhole(definition: MetricDefinition, baseline: BaselineColumn, columns: Columns): MetricResult {
  const events = columns.get('')?.count ?? 0;
  return definition.compute(baseline, columns.get(baseline.feature)?.sketch ?? allMissing(baseline.sketch, events));
}

function testSegment(
  definition: MetricDefinition,
  baseline: BaselineColumn,
  segment: string,
  columns: Columns,
  window: SealedWindow,
  gridOf: GridLookup,
): MetricResult {
  const column = columns.get(baseline.feature);
  const events = columns.get('')?.count ?? 0;
  const counted = gridOf(window.specIds[0] ?? '', baseline.feature, segmentName(segment));
  if (column?.note === SPEC_CHANGED || counted !== gridKey(baseline.grid)) {
    return { kind: 'no-score', reason: `not enough data: ${SPEC_CHANGED}`, nCurrent: events, nBaseline: 0 };
  }
  return definition.computeOnGrid!.compute(baseline, column?.grid ?? noCounts(events));
}

/** A column of the baseline that no event carried. */
function allMissing(like: FeatureSketch, events: number): FeatureSketch {
  return { ...emptySketch(like.kind), count: events, missing: events };
}

function noCounts(events: number): GridCounts {
  return { count: events, missing: events, nan: 0, infinite: 0, wrongType: 0, cells: [], counts: [], n: 0 };
}

/** A metric that throws on odd data says so in its row, and its neighbours are tested all the same. */
function guarded(test: () => MetricResult): MetricResult {
  try {
    return test();
  } catch (error) {
    const reason = `the metric failed: ${error instanceof Error ? error.message : String(error)}`;
    return { kind: 'no-score', reason, nCurrent: 0, nBaseline: 0 };
  }
}

import type { Store } from '../../lib/ports/store.ts';
import { aggregationInForce } from './queries/aggregation.ts';
import { featureSummaries } from './queries/features.ts';
import {
  lastWindows,
  modelBaselines,
  modelVersions,
  modelWindows,
  openCounts,
  registeredModels,
  type TestedWindow,
  testedWindows,
} from './queries/models.ts';
import type { ModelDetail, ModelSummary } from './schemas/models.ts';

const SPARKLINE_WINDOWS = 48;
const DETAIL_WINDOWS = 120;

/** Every registered model (or the one named) with what its latest windows say. */
export async function modelSummaries(
  store: Store,
  only: string | null,
): Promise<(ModelSummary & { segments: string[] })[]> {
  const [models, windows, tested, open] = await Promise.all([
    registeredModels(store, only),
    lastWindows(store, only),
    testedWindows(store, only, SPARKLINE_WINDOWS),
    openCounts(store, only),
  ]);
  return models.map((model) => {
    const last = windows.get(model.model);
    const tests = tested.get(model.model) ?? [];
    const counts = open.get(model.model) ?? { incidents: 0, firing: 0 };
    return {
      ...model,
      state: stateOf(model.monitored, counts.firing, tests),
      open_incidents: counts.incidents,
      breached: tests.findLast(({ scored }) => scored > 0)?.breached ?? 0,
      last_window: last
        ? { start: last.start, end: last.end, events: last.events, errors: last.errors, state: last.state }
        : null,
      sparkline: tests.map(({ start, ratio, breached }) => ({ window_start: start, ratio, breached })),
    };
  });
}

/** A model without a single score is never called quiet: nothing has been tested. */
function stateOf(monitored: boolean, firing: number, tests: readonly TestedWindow[]): ModelSummary['state'] {
  if (firing > 0) return 'drifting';
  if (!monitored) return 'unmonitored';
  return tests.some((window) => window.scored > 0) ? 'quiet' : 'not_enough_data';
}

export async function modelDetail(store: Store, model: string): Promise<ModelDetail | null> {
  const [summary] = await modelSummaries(store, model);
  if (!summary) return null;
  const [aggregation, versions, baselines, features, windows] = await Promise.all([
    aggregationInForce(store, model),
    modelVersions(store, model),
    modelBaselines(store, model),
    featureSummaries(store, model),
    modelWindows(store, model, DETAIL_WINDOWS),
  ]);
  return { ...summary, aggregation, versions, baselines, features, windows };
}

import type { Store } from '../../../lib/ports/store.ts';
import type { ModelDetail, ModelSummary } from '../schemas/models.ts';
import { recentWindows } from './recent.ts';

interface ModelRow {
  model: string;
  declared: unknown;
  monitored: unknown;
  window_ms: number;
  timezone: string;
  segments: string[];
  reference: string;
  first_seen_ms: number;
}

export type RegisteredModel = Pick<
  ModelSummary,
  'model' | 'declared' | 'monitored' | 'window_ms' | 'timezone' | 'reference' | 'first_seen'
> & {
  segments: string[];
};

/** Registered models by name; those with `model` only where given. */
export async function registeredModels(store: Store, model: string | null): Promise<RegisteredModel[]> {
  const rows = await store.query<ModelRow>(
    `SELECT model, declared, monitored, window_ms, timezone, segments, reference,
       toUnixTimestamp64Milli(first_seen) AS first_seen_ms
     FROM model_rows FINAL WHERE {all:UInt8} OR model = {model:String} ORDER BY model`,
    selector(model),
  );
  return rows.map(({ first_seen_ms, declared, monitored, ...row }) => ({
    ...row,
    declared: Boolean(declared),
    monitored: Boolean(monitored),
    first_seen: first_seen_ms,
  }));
}

export interface LastWindow {
  model: string;
  start: number;
  end: number;
  events: number;
  errors: number;
  state: 'provisional' | 'complete' | 'revised';
}

/** The latest window of each model, summed over versions and roles; provisional if any of them is. */
export async function lastWindows(store: Store, model: string | null): Promise<Map<string, LastWindow>> {
  const recent = await recentWindows(store, model, 1);
  const rows = await store.query<LastWindow>(
    `SELECT model, toUnixTimestamp64Milli(window_start) AS start, toUnixTimestamp64Milli(max(window_end)) AS end,
       sum(events) AS events, sum(errors) AS errors,
       multiIf(has(groupArray(state), 'provisional'), 'provisional', has(groupArray(state), 'revised'), 'revised', 'complete') AS state
     FROM operations AS w WHERE ${recent.sql}
     GROUP BY model, window_start ORDER BY model, window_start DESC LIMIT 1 BY model`,
    recent.params,
  );
  return byModel(rows);
}

export interface TestedWindow {
  model: string;
  start: number;
  scored: number;
  breached: number;
  ratio: number | null;
}

/** Per model and window, oldest first: how many scores there are, how many breached, and the greatest multiple of its threshold. */
export async function testedWindows(
  store: Store,
  model: string | null,
  windows: number,
): Promise<Map<string, TestedWindow[]>> {
  const recent = await recentWindows(store, model, windows);
  const rows = await store.query<TestedWindow>(
    `SELECT model, toUnixTimestamp64Milli(window_start) AS start, count(score) AS scored, countIf(breached = 1) AS breached,
       max(if(threshold > 0, effect / threshold, NULL)) AS ratio
     FROM drift_scores AS w WHERE ${recent.sql}
     GROUP BY model, window_start ORDER BY model, window_start DESC LIMIT {windows:UInt32} BY model`,
    { ...recent.params, windows },
  );
  const grouped = new Map<string, TestedWindow[]>();
  for (const row of rows) grouped.set(row.model, [row, ...(grouped.get(row.model) ?? [])]);
  return grouped;
}

/** Open incidents and firing alerts by model. */
export async function openCounts(
  store: Store,
  model: string | null,
): Promise<Map<string, { incidents: number; firing: number }>> {
  const rows = await store.query<{ model: string; incidents: number; firing: number }>(
    `SELECT model, sum(i) AS incidents, sum(f) AS firing FROM (
       SELECT model, toUInt32(state = 'open') AS i, toUInt32(0) AS f FROM incidents
       UNION ALL
       SELECT model, toUInt32(0) AS i, toUInt32(state IN ('firing', 'updated', 'acknowledged')) AS f FROM alerts
     ) WHERE {all:UInt8} OR model = {model:String} GROUP BY model`,
    selector(model),
  );
  return byModel(rows);
}

export async function modelVersions(store: Store, model: string): Promise<ModelDetail['versions']> {
  return store.query(
    `SELECT version, role, toUnixTimestamp64Milli(first_seen) AS first_seen
     FROM model_versions WHERE model = {model:String} ORDER BY model_versions.first_seen, version, role`,
    { model },
  );
}

export async function modelBaselines(store: Store, model: string): Promise<ModelDetail['baselines']> {
  return store.query(
    `SELECT baseline, baseline_version, toUnixTimestamp64Milli(max(registered_at)) AS registered_at,
       uniqExact(feature) AS columns, max(count) AS rows
     FROM baseline_rows FINAL WHERE model = {model:String}
     GROUP BY baseline, baseline_version ORDER BY max(baseline_rows.registered_at) DESC, baseline`,
    { model },
  );
}

export async function modelWindows(store: Store, model: string, windows: number): Promise<ModelDetail['windows']> {
  const recent = await recentWindows(store, model, windows);
  const rows = await store.query<ModelDetail['windows'][number]>(
    `SELECT version, role, toUnixTimestamp64Milli(w.window_start) AS window_start, toUnixTimestamp64Milli(w.window_end) AS window_end,
       events, errors, state, revision
     FROM operations AS w WHERE ${recent.sql}
     ORDER BY w.window_start DESC, version, role LIMIT {windows:UInt32}`,
    { ...recent.params, windows },
  );
  return rows.reverse();
}

function selector(model: string | null): { all: number; model: string } {
  return { all: model === null ? 1 : 0, model: model ?? '' };
}

function byModel<T extends { model: string }>(rows: readonly T[]): Map<string, T> {
  return new Map(rows.map((row) => [row.model, row]));
}

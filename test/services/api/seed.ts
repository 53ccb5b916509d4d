import { incidentVersion, summarizeIncident } from '../../../lib/core/alerts/incident.ts';
import type { AlertEvent, AlertMember, AlertState } from '../../../lib/core/alerts/types.ts';
import type { Baseline } from '../../../lib/core/baselines/types.ts';
import type { ChunkRow } from '../../../lib/core/chunks/types.ts';
import { evaluateWindow } from '../../../lib/core/detection/evaluate.ts';
import { explainMember } from '../../../lib/core/detection/explain.ts';
import type { Score, SealedColumn, SealedWindow } from '../../../lib/core/detection/types.ts';
import { judgeWindow } from '../../../lib/core/detection/verdict.ts';
import type { Monitor } from '../../../lib/core/monitors/types.ts';
import { buildBaselineColumn } from '../../../lib/core/references/build-baseline.ts';
import type { Cell } from '../../../lib/core/references/cells.ts';
import { ReferenceColumn } from '../../../lib/core/references/column.ts';
import { pseudoWindows } from '../../../lib/core/references/pseudo-windows.ts';
import { sketchCells } from '../../../lib/core/references/sketch-cells.ts';
import type { Store } from '../../../lib/ports/store.ts';
import { insertAlertEvents } from '../../../lib/tables/alerts.ts';
import { insertBaseline } from '../../../lib/tables/baselines.ts';
import { ChunkInsert, insertChunkRows } from '../../../lib/tables/chunk-rows.ts';
import { declareModels } from '../../../lib/tables/declared-models.ts';
import { writeDeliveries } from '../../../lib/tables/deliveries.ts';
import { writeIncidents } from '../../../lib/tables/incidents.ts';
import { writeManifest } from '../../../lib/tables/manifests.ts';
import { insertSightedModels, insertVersions } from '../../../lib/tables/models.ts';
import { insertScores } from '../../../lib/tables/scores.ts';
import { insertSealed } from '../../../lib/tables/sealed.ts';
import { saveSpec } from '../../../lib/tables/specs.ts';

export const MODEL = 'car-loan';
export const INCIDENT = 'car-loan-champion-1';
export const DAY = 86_400_000;
export const FIRST = Date.UTC(2018, 9, 1);
export const WINDOWS = 24;
/** Still filling: known from the ledger only. */
export const OPEN_WINDOW = FIRST + WINDOWS * DAY;
const OPEN_EVENTS = 40;
/** The first window with the drift. */
export const DRIFTS_AT = 18;
/** What an attacker would call a feature, to have it run in the page of whoever looks. */
export const HOSTILE = `<img src=x onerror="window.pwned=1">`;

const ROWS = 1500;
const FEATURES = ['car_value', 'loan_length', 'salary_range', 'repaid_before', HOSTILE, 'prediction.score'];

/** Values from a hash of (window, row, column): the same in every run. */
function unit(...key: number[]): number {
  let hash = 2166136261;
  for (const part of key) hash = Math.imul(hash ^ part, 16777619) ^ (hash >>> 13);
  hash = Math.imul(hash ^ (hash >>> 16), 2246822507);
  return ((hash ^ (hash >>> 13)) >>> 0) / 2 ** 32;
}

function cell(feature: string, window: number, row: number): Cell {
  const drift = window >= DRIFTS_AT;
  const u = unit(window + 1, row, FEATURES.indexOf(feature) + 7);
  switch (feature) {
    case 'car_value':
      return u < 0.03
        ? null
        : Math.round((drift ? 21_000 : 12_000) * Math.exp(0.5 * (u + unit(window + 3, row, 99) - 1)));
    case 'loan_length':
      return 12 + Math.floor(u * 8) * 3;
    case 'salary_range':
      if (drift && u < 0.12) return '60K+ €';
      return u < 0.4 ? '0 - 20K €' : u < 0.75 ? '20K - 40K €' : '40K - 60K €';
    case 'repaid_before':
      return u < 0.2;
    case 'prediction.score':
      return Math.sqrt(u);
    default:
      return u < (drift ? 0.2 : 0.05) ? null : Math.round(u * 1000) / 10;
  }
}

function cells(feature: string, window: number, rows: number): Cell[] {
  return Array.from({ length: rows }, (_, row) => cell(feature, window, row));
}

export const MONITOR: Monitor = {
  name: 'car-loan-drift',
  model: MODEL,
  target: '*',
  metrics: ['psi', 'ks', 'chi2', 'missing_rate'],
  windowMs: DAY,
  baseline: '2018',
  threshold: { psi: 0.1 },
  minSamples: 500,
  persistence: 2,
  severity: 'error',
  segments: [],
};

export function baseline(): Baseline {
  const windows = pseudoWindows(ROWS * 3, null, { lengthMs: DAY, timezone: 'UTC' });
  const columns = FEATURES.map((name) => {
    const column = new ReferenceColumn(name);
    for (const value of cells(name, -1, ROWS * 3)) column.add(value);
    return buildBaselineColumn(column, false, windows);
  });
  return {
    model: MODEL,
    name: '2018',
    version: 'f00dfeed',
    columns: new Map(columns.map((column) => [column.feature, column])),
  };
}

function sealedWindow(index: number, reference: Baseline): SealedWindow {
  const start = FIRST + index * DAY;
  const column = (feature: string): SealedColumn => {
    const sketch = sketchCells(cells(feature, index, ROWS), reference.columns.get(feature)!.sketch.kind);
    return { feature, segment: '', count: sketch.count, errors: 0, kind: sketch.kind, sketch, grid: null, note: '' };
  };
  const head: SealedColumn = {
    feature: '',
    segment: '',
    count: ROWS,
    errors: 3,
    kind: '',
    sketch: null,
    grid: null,
    note: '',
  };
  return {
    model: MODEL,
    version: '1',
    role: 'champion',
    window: { start, end: start + DAY },
    events: ROWS,
    covered: (index + 1) * ROWS,
    coverage: [],
    specIds: ['seed'],
    columns: [head, ...FEATURES.map(column)],
  };
}

/**
 * A model with 24 daily windows that drifts from the 18th on, its incident, and two models beside it: one that is only
 * seen, one declared without data. Scores and explanations come from the code that makes them in production.
 */
export async function seed(store: Store): Promise<void> {
  const reference = baseline();
  await insertBaseline(store, reference);
  await registerModels(store);
  const windows = Array.from({ length: WINDOWS }, (_, index) => sealedWindow(index, reference));
  const sealed = (index: number) => ({
    state: index === 3 ? ('revised' as const) : ('complete' as const),
    revision: index === 3 ? 1 : 0,
  });
  await insertSealed(
    store,
    windows.map((window, index) => ({ window, sealed: sealed(index), timezone: 'UTC' })),
    () => null,
  );
  const scores = windows.map((window, index) =>
    judgeWindow(
      evaluateWindow(window, [{ monitor: MONITOR, baseline: reference }], () => null),
      window,
      sealed(index),
    ),
  );
  await insertScores(store, scores.flat(), () => 'UTC');
  await writeOpenWindow(store, reference);
  await writeIncident(store, reference, windows[DRIFTS_AT + 1]!, scores[DRIFTS_AT + 1]!);
}

/** Ledger rows of a window that no detector has sealed. */
async function writeOpenWindow(store: Store, reference: Baseline): Promise<void> {
  const chunk = { topic: 'driftline.predictions', incarnation: 'seed', partition: 0, chunkStart: 0 };
  const reach = WINDOWS * ROWS + OPEN_EVENTS;
  const window = { lengthMs: DAY, timezone: 'UTC' };
  const specId = await saveSpec(store, {
    layout: 1,
    chunkSize: 65_536,
    allowedDelayMs: 0,
    horizonMs: 7 * DAY,
    futureSkewMs: 0,
    models: [{ model: MODEL, window, segments: ['region'], columns: [] }],
    defaults: { window },
  });
  await writeManifest(store, {
    ...chunk,
    groupGeneration: 1,
    specId,
    reach,
    passed: OPEN_WINDOW,
    closed: false,
    replaying: null,
  });
  const key = { model: MODEL, version: '1', role: 'champion', windowStart: OPEN_WINDOW, windowEnd: OPEN_WINDOW + DAY };
  const row = { ...key, segment: '', generation: 0, covered: reach };
  const columns = FEATURES.map((feature): ChunkRow => {
    const sketch = sketchCells(cells(feature, WINDOWS, OPEN_EVENTS), reference.columns.get(feature)!.sketch.kind);
    return { ...row, feature, body: { form: 'sketch', sketch } };
  });
  const head: ChunkRow = { ...row, feature: '', body: { form: 'window', count: OPEN_EVENTS, errors: 1 } };
  await insertChunkRows(store, [new ChunkInsert(chunk, specId, [head, ...columns])]);
}

async function registerModels(store: Store): Promise<void> {
  const spec = { windowMs: DAY, timezone: 'UTC', segments: ['region'], columns: {}, categorical: [], ignore: [] };
  const declared = [
    { ...spec, name: MODEL, reference: { name: '2018', file: 'reference.csv' } },
    { ...spec, name: 'fresh-model', reference: null },
  ];
  await declareModels(store, declared, new Set([MODEL, 'fresh-model']), FIRST);
  const sighted = { version: '7', role: 'champion', windowMs: DAY, timezone: 'UTC', firstSeen: FIRST };
  await insertSightedModels(store, [{ model: HOSTILE, ...sighted }]);
  await insertVersions(store, [
    { ...sighted, model: MODEL, version: '1' },
    { model: HOSTILE, ...sighted },
  ]);
}

async function writeIncident(
  store: Store,
  reference: Baseline,
  window: SealedWindow,
  scores: readonly Score[],
): Promise<void> {
  const breached = scores.filter((score) => score.breached);
  const members = [...new Map(breached.map((score) => [score.feature, score])).values()].map((score) =>
    memberOf(score, reference, window),
  );
  const event = (revision: number, state: AlertState, asOf: number, reason: string, advice: string): AlertEvent => ({
    episode: 'episode-1',
    revision,
    state,
    monitor: MONITOR.name,
    model: MODEL,
    version: '1',
    role: 'champion',
    segment: '',
    severity: 'error',
    since: FIRST + DRIFTS_AT * DAY,
    asOf,
    incident: state === 'pending' ? null : INCIDENT,
    members,
    reason,
    advice,
  });
  const pending = event(1, 'pending', FIRST + (DRIFTS_AT + 1) * DAY, '1 of 2 windows breached', '');
  const firing = event(
    2,
    'firing',
    FIRST + (DRIFTS_AT + 2) * DAY,
    '2 of 2 windows breached',
    'Look at the upstream source of car_value before retraining.',
  );
  await insertAlertEvents(store, [pending, firing]);
  const incident = summarizeIncident([firing]);
  await writeIncidents(store, [{ incident, url: null }]);
  const notice = { action: 'trigger' as const, dedupKey: INCIDENT, incident, url: null };
  const content = { notice, version: incidentVersion([firing]), reason: 'first firing', account: 'abc' };
  const delivery = { incident: INCIDENT, noticeId: `${INCIDENT}-trigger-2`, content, nextAttemptAt: FIRST };
  await writeDeliveries(store, [
    { ...delivery, channel: 'pagerduty', attempt: 2, status: 202, state: 'sent', reason: '' },
  ]);
}

function memberOf(score: Score, reference: Baseline, window: SealedWindow): AlertMember {
  const member: AlertMember = {
    feature: score.feature,
    metric: score.metric,
    definition: score.definition,
    score: score.score!,
    effect: score.effect!,
    threshold: score.threshold,
    pValue: score.pValue,
    since: FIRST + DRIFTS_AT * DAY,
    windowStart: window.window.start,
    windowEnd: window.window.end,
    baseline: score.baseline,
    nCurrent: score.nCurrent,
    nBaseline: score.nBaseline,
    explanation: '',
  };
  const column = window.columns.find(({ feature }) => feature === score.feature)!;
  return { ...member, explanation: explainMember(member, reference.columns.get(score.feature)!, column) };
}

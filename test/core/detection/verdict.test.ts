import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Evaluation, evaluateWindow } from '../../../lib/core/detection/evaluate.ts';
import { gridKey } from '../../../lib/core/detection/grids.ts';
import type { ReadyMonitor } from '../../../lib/core/detection/types.ts';
import { featureVerdicts, type JudgedScore, judgeWindow } from '../../../lib/core/detection/verdict.ts';
import type { MetricName, Monitor } from '../../../lib/core/monitors/types.ts';
import type { GridCounts } from '../../../lib/core/sketch/types.ts';
import { baselineColumn, monitor, numeric, ramp, sealedColumn, sealedWindow } from './fixtures.ts';

const SEALED = { state: 'complete' as const, revision: 0 };
const ready = (changes: Partial<Monitor>, ...names: string[]): ReadyMonitor => ({
  monitor: monitor(changes),
  baseline: {
    model: 'm',
    name: 'ref',
    version: 'v',
    columns: new Map(names.map((name) => [name, baselineColumn(name, ramp(1_000))])),
  },
});

function evaluation(
  feature: string,
  effect: number,
  pValue: number | null,
  changes: Partial<Monitor> = {},
): Evaluation {
  const result = { kind: 'score' as const, score: effect * 100, effect, pValue, nCurrent: 1_000, nBaseline: 1_000 };
  return { monitor: monitor(changes), feature, segment: '', metric: 'psi', definition: 'd', threshold: 0.1, result };
}

const breaches = (evaluations: readonly Evaluation[]) =>
  judgeWindow(evaluations, sealedWindow([]), SEALED).map((score) => score.breached);

test('a breach needs effect and significance', () => {
  assert.deepEqual(
    breaches([
      evaluation('a', 0.2, 1e-9),
      evaluation('b', 0.2, 0.4),
      evaluation('c', 0.05, 1e-9),
      evaluation('d', 0.1, 1e-9),
    ]),
    [true, false, false, true],
  );
});

test('significance is judged among all tests of the window: alone it passes, among a hundred it does not', () => {
  const borderline = evaluation('a', 0.2, 0.005);
  const quiet = Array.from({ length: 99 }, (_, i) => evaluation(`q${i}`, 0, 0.5));
  assert.equal(breaches([borderline])[0], true);
  assert.equal(breaches([borderline, ...quiet])[0], false);
});

test('a metric without a test is judged by its effect', () => {
  assert.deepEqual(breaches([evaluation('a', 0.2, null), evaluation('b', 0.05, null)]), [true, false]);
});

test('under the minimum sample there is no score, and its p-value is no test of the window', () => {
  const few = evaluation('few', 0.9, 1e-30, { minSamples: 2_000 });
  const [score] = judgeWindow([few], sealedWindow([]), SEALED);
  assert.deepEqual(
    [score?.score, score?.effect, score?.pValue, score?.breached, score?.note],
    [null, null, null, false, 'not enough data: 1000 of 2000'],
  );
});

test('a score names model, window, definition, state, revision and coverage', () => {
  const [score] = judgeWindow([evaluation('a', 0.2, 0)], sealedWindow([], 77), { state: 'revised', revision: 3 });
  assert.equal(score?.definition, 'd');
  assert.deepEqual([score?.effect, score?.score], [0.2, 20]);
  assert.deepEqual([score?.model, score?.covered, score?.state, score?.revision], ['m', 77, 'revised', 3]);
});

function judged(metric: MetricName, breached: boolean, effect: number | null = 1): JudgedScore {
  const base = {
    feature: 'x',
    definition: metric,
    pValue: 0,
    threshold: 0.1,
    baseline: 'ref',
    nCurrent: 9,
    nBaseline: 9,
  };
  return { ...base, metric, breached, score: effect, effect };
}

test('a feature is breached if any metric is; the evidence is the one furthest beyond its threshold', () => {
  const scores = [judged('ks', true, 0.3), judged('psi', true, 0.5), judged('missing_rate', false, 0.9)];
  const [verdict] = featureVerdicts(scores, monitor({ metrics: ['ks', 'missing_rate', 'psi'] }));
  assert.ok(verdict?.outcome === 'breached');
  assert.deepEqual([verdict.evidence.metric, verdict.evidence.effect], ['psi', 0.5]);
});

test('of equally great effects the first in the monitor’s order is the evidence', () => {
  const scores = [judged('psi', true), judged('missing_rate', true), judged('ks', false)];
  const [verdict] = featureVerdicts(scores, monitor({ metrics: ['ks', 'missing_rate', 'psi'] }));
  assert.ok(verdict?.outcome === 'breached');
  assert.equal(verdict.evidence.metric, 'missing_rate');
});

test('a feature is clear if some metric has a score, and without any there was not enough data', () => {
  assert.equal(featureVerdicts([judged('psi', false, null), judged('ks', false)], monitor())[0]?.outcome, 'clear');
  assert.equal(featureVerdicts([judged('psi', false, null)], monitor())[0]?.outcome, 'not-enough-data');
});

test('every target column is tested by every metric that applies, whatever is wrong with the others', () => {
  const broken = { ...numeric(ramp(500)), kind: 'numeric' as const, numeric: null as never };
  const columns = [sealedColumn('x', numeric(ramp(500))), sealedColumn('broken', broken)];
  const evaluations = evaluateWindow(sealedWindow(columns, 500), [ready({}, 'x', 'broken', 'gone')], () => null);
  const of = (feature: string) => evaluations.filter((candidate) => candidate.feature === feature);
  assert.deepEqual(
    of('x').map(({ metric, result }) => [metric, result.kind]),
    [
      ['psi', 'score'],
      ['ks', 'score'],
    ],
  );
  assert.ok(of('broken').every(({ result }) => result.kind === 'no-score' && /metric failed/.test(result.reason)));
  const [psi] = of('gone');
  assert.ok(psi?.result.kind === 'score' && psi.result.effect > 1, 'a column that vanished is all missing');
});

test('only the targets a monitor names are tested; one the baseline lacks is left out', () => {
  const window = sealedWindow([sealedColumn('x', numeric(ramp(500)))], 500);
  const evaluations = evaluateWindow(window, [ready({ target: ['x', 'nowhere'] }, 'x', 'y')], () => null);
  assert.deepEqual([...new Set(evaluations.map(({ feature }) => feature))], ['x']);
});

test('segments are tested on the grid of the baseline, and say so when they were counted on another', () => {
  const monitored = ready({ segments: ['region'], metrics: ['psi'] }, 'x');
  const { grid } = monitored.baseline.columns.get('x')!;
  const counts: GridCounts = {
    count: 400,
    missing: 0,
    nan: 0,
    infinite: 0,
    wrongType: 0,
    cells: [3],
    counts: [400],
    n: 400,
  };
  const window = sealedWindow([
    sealedColumn('x', numeric(ramp(500))),
    sealedColumn('', null, { segment: 'region=MA', count: 400 }),
    sealedColumn('x', null, { segment: 'region=MA', count: 400, grid: counts }),
    sealedColumn('', null, { segment: 'tier=1', count: 400 }),
  ]);
  const results = (key: string) =>
    evaluateWindow(window, [monitored], () => key).map(({ segment, definition, result }) => [
      segment,
      definition,
      result.kind,
    ]);
  assert.deepEqual(results(gridKey(grid)), [
    ['', 'psi/quantile10@1', 'score'],
    ['region=MA', 'psi/quantile10-grid@1', 'score'],
  ]);
  const [, other] = evaluateWindow(window, [monitored], () => 'another');
  assert.ok(other?.result.kind === 'no-score');
  assert.match(other.result.reason, /spec changed/);
});

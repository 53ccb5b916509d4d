import { strongestFirst } from '../alerts/effect.ts';
import type { FeatureVerdict } from '../alerts/episode-types.ts';
import type { Monitor } from '../monitors/types.ts';
import { benjaminiHochberg } from '../statistics/fdr.ts';
import type { Evaluation } from './evaluate.ts';
import type { Score, SealedState, SealedWindow } from './types.ts';

/** Share of false alarms among the tests called significant in one window, over all its monitors, columns and segments. */
export const FALSE_DISCOVERY_RATE = 0.01;

/**
 * The scores of a window. A test breaches when its effect reaches the threshold and it is significant among all tests
 * of the window (Benjamini–Hochberg); a metric without a test is judged by its effect. Under the minimum sample there is
 * no score: that neither breaches nor clears.
 */
export function judgeWindow(evaluations: readonly Evaluation[], window: SealedWindow, sealed: SealedState): Score[] {
  const usable = evaluations.map((evaluation) => scoreOf(evaluation) !== null);
  const tested = evaluations.filter((evaluation, i) => usable[i] && pValueOf(evaluation) !== null);
  const rejected = benjaminiHochberg(
    tested.map((evaluation) => pValueOf(evaluation)!),
    FALSE_DISCOVERY_RATE,
  );
  const significant = new Set(tested.filter((_, i) => rejected[i]));
  return evaluations.map((evaluation) => {
    const convincing = pValueOf(evaluation) === null || significant.has(evaluation);
    return toScore(evaluation, convincing, window, sealed);
  });
}

function scoreOf({ result, monitor }: Evaluation): number | null {
  return result.kind === 'score' && result.nCurrent >= monitor.minSamples ? result.score : null;
}

function pValueOf({ result }: Evaluation): number | null {
  return result.kind === 'score' ? result.pValue : null;
}

function noteOf({ result, monitor }: Evaluation): string {
  if (result.nCurrent < monitor.minSamples && (result.kind === 'score' || result.nCurrent > 0)) {
    return `not enough data: ${result.nCurrent} of ${monitor.minSamples}`;
  }
  return result.kind === 'no-score' ? result.reason : '';
}

function toScore(evaluation: Evaluation, convincing: boolean, window: SealedWindow, sealed: SealedState): Score {
  const { monitor, result, feature, segment, metric, definition, threshold } = evaluation;
  const score = scoreOf(evaluation);
  const effect = score !== null && result.kind === 'score' ? result.effect : null;
  const breached = effect !== null && effect >= threshold && convincing;
  return {
    model: window.model,
    monitor: monitor.name,
    version: window.version,
    role: window.role,
    feature,
    segment,
    metric,
    window: window.window,
    baseline: monitor.baseline,
    definition,
    score,
    effect,
    pValue: score === null ? null : pValueOf(evaluation),
    threshold,
    breached,
    severity: monitor.severity,
    nCurrent: result.nCurrent,
    nBaseline: result.nBaseline,
    note: score === null ? noteOf(evaluation) : '',
    ...sealed,
    covered: window.covered,
  };
}

/** The part of a score that a verdict needs: also what is read back from the store. */
export type JudgedScore = Pick<
  Score,
  | 'feature'
  | 'metric'
  | 'definition'
  | 'score'
  | 'effect'
  | 'pValue'
  | 'threshold'
  | 'breached'
  | 'baseline'
  | 'nCurrent'
  | 'nBaseline'
>;

/**
 * What the scores of one window, monitor and segment say about each feature. Breached: some metric is; its evidence is
 * the one furthest beyond its threshold (effect / threshold; of equals the first in the monitor's order). Clear: some metric has a score and none is breached. Otherwise there was
 * not enough data.
 */
export function featureVerdicts(scores: readonly JudgedScore[], monitor: Monitor): FeatureVerdict[] {
  const byFeature = new Map<string, JudgedScore[]>();
  for (const score of scores) {
    const list = byFeature.get(score.feature);
    if (list) list.push(score);
    else byFeature.set(score.feature, [score]);
  }
  return [...byFeature].map(([feature, list]) => featureVerdict(feature, list, monitor));
}

function featureVerdict(feature: string, scores: readonly JudgedScore[], monitor: Monitor): FeatureVerdict {
  const breached = scores.filter((score) => score.breached);
  const rank = (score: JudgedScore) => monitor.metrics.indexOf(score.metric);
  const [worst] = breached.sort((a, b) => strongestFirst(a, b) || rank(a) - rank(b));
  if (worst !== undefined) {
    const { metric, definition, score, effect, threshold, pValue, baseline, nCurrent, nBaseline } = worst;
    const figures = { score: score ?? 0, effect: effect ?? 0, threshold, pValue };
    const evidence = { metric, definition, ...figures, baseline, nCurrent, nBaseline };
    return { feature, outcome: 'breached', evidence };
  }
  return { feature, outcome: scores.some((score) => score.score !== null) ? 'clear' : 'not-enough-data' };
}

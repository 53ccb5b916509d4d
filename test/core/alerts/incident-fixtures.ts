import fc from 'fast-check';
import type { AlertEvent, AlertMember } from '../../../lib/core/alerts/types.ts';

export const DAY = 86_400_000;
export const START = Date.UTC(2018, 9, 30);

export function member(feature: string, score = 0.4, threshold = 0.1): AlertMember {
  return {
    feature,
    metric: 'psi',
    definition: 'psi/quantile10@1',
    score,
    effect: score,
    threshold,
    pValue: 1e-9,
    since: START,
    windowStart: START,
    windowEnd: START + DAY,
    baseline: '2018',
    nCurrent: 5000,
    nBaseline: 50_000,
    explanation: `${feature} moved from 10 to 20`,
  };
}

export function alert(changes: Partial<AlertEvent> = {}): AlertEvent {
  return {
    episode: 'e1',
    revision: 1,
    state: 'firing',
    monitor: 'car-loan-drift',
    model: 'car-loan',
    version: '1',
    role: 'champion',
    segment: '',
    severity: 'error',
    since: START,
    asOf: START + 2 * DAY,
    incident: 'i1',
    members: [member('salary_range')],
    reason: 'two windows in a row',
    advice: 'Retrain on recent data, or roll back.',
    ...changes,
  };
}

const SEVERITIES = ['critical', 'error', 'warning', 'info'] as const;
const STATES = ['firing', 'updated', 'acknowledged', 'resolved', 'withdrawn', 'unknown'] as const;
const text = fc.string({ unit: 'binary', maxLength: 80 });

const anyMember: fc.Arbitrary<AlertMember> = fc
  .record({
    feature: text,
    effect: fc.double(),
    threshold: fc.double(),
    explanation: fc.string({ unit: 'binary', maxLength: 3000 }),
  })
  .map((changes) => ({ ...member('x'), ...changes }));

/** Any alert an incident can meet, ugly names and numbers included. */
export const anyAlert: fc.Arbitrary<AlertEvent> = fc
  .record({
    episode: fc.constantFrom('e1', 'e2', 'e3', 'e4'),
    revision: fc.integer({ min: 1, max: 6 }),
    state: fc.constantFrom(...STATES),
    severity: fc.constantFrom(...SEVERITIES),
    version: text,
    segment: text,
    model: text,
    role: text,
    since: fc.integer({ min: 0, max: START }),
    asOf: fc.integer({ min: START, max: START + 400 * DAY }),
    members: fc.array(anyMember, { maxLength: 30 }),
    advice: fc.string({ unit: 'binary', maxLength: 3000 }),
  })
  .map((changes) => alert(changes));

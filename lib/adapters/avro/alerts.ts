import type { AlertEvent, AlertMember, AlertState, Severity } from '../../core/alerts/types.ts';
import { fields, list, number, text } from './fields.ts';

/** The alert event as published: snake_case names, times in ms. The same names in JSON and Avro. */
export interface AlertMessage {
  episode: string;
  revision: number;
  state: string;
  monitor: string;
  model: string;
  version: string;
  role: string;
  segment: string;
  severity: string;
  since: number;
  as_of: number;
  incident: string | null;
  members: AlertMemberMessage[];
  reason: string;
  advice: string;
}

interface AlertMemberMessage {
  feature: string;
  metric: string;
  definition: string;
  score: number;
  threshold: number;
  p_value: number | null;
  since: number;
  window_start: number;
  window_end: number;
  baseline: string;
  n_current: number;
  n_baseline: number;
  explanation: string;
  effect: number;
}

const STATES: readonly AlertState[] = [
  'pending',
  'firing',
  'updated',
  'acknowledged',
  'resolved',
  'withdrawn',
  'unknown',
];
const SEVERITIES: readonly Severity[] = ['critical', 'error', 'warning', 'info'];

export function alertMessage(event: AlertEvent): AlertMessage {
  const { asOf, members, ...same } = event;
  return { ...same, as_of: asOf, members: members.map(memberMessage) };
}

function memberMessage(member: AlertMember): AlertMemberMessage {
  const { pValue, windowStart, windowEnd, nCurrent, nBaseline, ...same } = member;
  return {
    ...same,
    p_value: pValue,
    window_start: windowStart,
    window_end: windowEnd,
    n_current: nCurrent,
    n_baseline: nBaseline,
  };
}

/** Reads a published alert event. A state or severity of a newer writer becomes `unknown` and `error`. Throws TypeError. */
export function alertEvent(message: unknown): AlertEvent {
  const m = fields(message, 'alert event');
  return {
    episode: text(m, 'episode'),
    revision: number(m, 'revision'),
    state: STATES.find((state) => state === m.state) ?? 'unknown',
    monitor: text(m, 'monitor'),
    model: text(m, 'model'),
    version: text(m, 'version'),
    role: text(m, 'role'),
    segment: text(m, 'segment'),
    severity: SEVERITIES.find((severity) => severity === m.severity) ?? 'error',
    since: number(m, 'since'),
    asOf: number(m, 'as_of'),
    incident: m.incident === null || m.incident === undefined ? null : text(m, 'incident'),
    members: list(m, 'members').map(alertMember),
    reason: text(m, 'reason'),
    advice: text(m, 'advice'),
  };
}

function alertMember(message: unknown): AlertMember {
  const m = fields(message, 'member');
  return {
    feature: text(m, 'feature'),
    metric: text(m, 'metric'),
    definition: text(m, 'definition'),
    score: number(m, 'score'),
    threshold: number(m, 'threshold'),
    pValue: m.p_value === null || m.p_value === undefined ? null : number(m, 'p_value'),
    since: number(m, 'since'),
    windowStart: number(m, 'window_start'),
    windowEnd: number(m, 'window_end'),
    baseline: text(m, 'baseline'),
    nCurrent: number(m, 'n_current'),
    nBaseline: number(m, 'n_baseline'),
    explanation: text(m, 'explanation'),
    effect: m.effect === undefined ? 0 : number(m, 'effect'),
  };
}

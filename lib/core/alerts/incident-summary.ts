import { effectName, effectRatio, strongestFirst } from './effect.ts';
import { isGraver } from './severity.ts';
import type { AlertEvent, AlertMember, Incident } from './types.ts';

/** PagerDuty's limit for `payload.summary`; other channels take more. */
const MAX_SUMMARY = 1024;
const NAMED_FEATURES = 4;
const NAMED_PLACES = 3;
const MAX_NAME = 60;
const MAX_ADVICE = 300;
const MAX_DATE_MS = 8.64e15;
const DAY_MS = 86_400_000;
/** The role of events that name none: not worth a word. */
const USUAL_ROLE = 'champion';

/**
 * Text of at most `max` UTF-16 units: one line, no half surrogate pairs (no JSON reader and no store may stumble), an
 * ellipsis where something was cut.
 */
export function clip(text: string, max: number): string {
  const clean = wellFormed(text.replace(/\s+/gu, ' ').trim());
  if (clean.length <= max) return clean;
  return `${wellFormed(clean.slice(0, max - 1)).replace(/\uFFFD$/u, '')}…`;
}

function wellFormed(text: string): string {
  return text.replace(/\p{Surrogate}/gu, '\uFFFD');
}

/** In UTC: the day alone where all windows are of days and begin at midnight, else the minute. */
function moment(ms: number, alerts: readonly AlertEvent[]): string {
  if (!(Math.abs(ms) <= MAX_DATE_MS)) return 'an unknown time';
  const windows = alerts.flatMap((alert) => alert.members);
  const daily = windows.every(({ windowStart, windowEnd }) => windowEnd - windowStart >= DAY_MS);
  const text = new Date(ms).toISOString();
  return daily && ms % DAY_MS === 0 ? text.slice(0, 10) : `${text.slice(0, 16).replace('T', ' ')} UTC`;
}

/** Three significant digits, without trailing zeros. */
function figure(value: number): string {
  return Number.isFinite(value) ? String(Number(value.toPrecision(3))) : String(value);
}

/** Each feature once, by its greatest effect, greatest first (ties by name, so that the text is stable). */
function topMembers(alerts: readonly AlertEvent[]): AlertMember[] {
  const best = new Map<string, AlertMember>();
  for (const member of alerts.flatMap((alert) => alert.members)) {
    const other = best.get(member.feature);
    if (!other || effectRatio(member) > effectRatio(other)) best.set(member.feature, member);
  }
  return [...best.values()].sort((a, b) => byEffect(a, b));
}

function byEffect(a: AlertMember, b: AlertMember): number {
  const stronger = strongestFirst(a, b);
  if (stronger !== 0) return stronger;
  return a.feature < b.feature ? -1 : a.feature > b.feature ? 1 : 0;
}

/** The alerts an incident's text is about: those still on while it is open, else all. */
export function tellingAlerts(incident: Pick<Incident, 'state' | 'alerts'>): AlertEvent[] {
  const on = incident.alerts.filter((alert) => alert.state !== 'resolved' && alert.state !== 'withdrawn');
  return incident.state === 'open' && on.length > 0 ? on : incident.alerts;
}

function listing(items: readonly string[], named: number): string {
  const rest = items.length - named;
  const shown = items.slice(0, named).map((item) => clip(item, MAX_NAME));
  return shown.join(', ') + (rest > 0 ? ` and ${rest} more` : '');
}

function figureOf({ feature, metric, effect, threshold }: AlertMember): string {
  return `${clip(feature, MAX_NAME)} ${effectName(metric)} ${figure(effect)} (threshold ${figure(threshold)})`;
}

/** `v1` for `1`; names stay as they are. */
function spoken(version: string): string {
  return /^\d/.test(version) ? `v${version}` : version;
}

/** `car-loan v1`, and whatever of role and segments is not the usual. */
function where(incident: Pick<Incident, 'model' | 'role'>, alerts: readonly AlertEvent[]): string {
  const versions = distinct(alerts.map((alert) => alert.version))
    .filter((version) => version !== '')
    .map(spoken);
  const segments = distinct(alerts.map((alert) => alert.segment)).filter((segment) => segment !== '');
  const whole = alerts.some((alert) => alert.segment === '');
  const role = incident.role === USUAL_ROLE ? '' : ` (${clip(incident.role, MAX_NAME)})`;
  const place = segments.length === 0 ? '' : `${whole ? ', overall and in ' : ', '}${listing(segments, NAMED_PLACES)},`;
  return `${[clip(incident.model, MAX_NAME), listing(versions, NAMED_PLACES)].join(' ').trim()}${role}${place}`;
}

function distinct(values: readonly string[]): string[] {
  return [...new Set(values)].sort();
}

/** The advice of the gravest alert; among equals of the one with the greatest effect. */
export function incidentAdvice(alerts: readonly AlertEvent[]): string {
  const effect = (alert: AlertEvent) => Math.max(0, ...alert.members.map(effectRatio));
  const gravest = alerts.reduce((best, alert) => {
    if (isGraver(alert.severity, best.severity)) return alert;
    return alert.severity === best.severity && effect(alert) > effect(best) ? alert : best;
  });
  return gravest.advice;
}

/** Where, since when and what, by greatest effect: `Drift in car-loan v1 since 2019-04-01: car_value, loan_length`. */
export function incidentTitle(incident: Omit<Incident, 'summary'>): string {
  const alerts = tellingAlerts(incident);
  const since = moment(incident.since, alerts);
  const resolved = incident.state === 'resolved';
  const span = resolved ? `from ${since} to ${moment(incident.resolvedAt ?? Number.NaN, alerts)}` : `since ${since}`;
  const features = topMembers(alerts).map((member) => member.feature);
  const names = features.length === 0 ? '' : `: ${listing(features, NAMED_FEATURES)}`;
  const drift = `rift in ${where(incident, alerts)} ${span}${names}`;
  if (incident.state === 'open') return `D${drift}`;
  return `${resolved ? 'Resolved' : 'Withdrawn'}: d${drift}`;
}

/**
 * At most 1,024 characters: the title first, as a phone shows it; while it is open the figures, then what to do.
 */
export function incidentSummary(incident: Omit<Incident, 'summary'>): string {
  const title = incidentTitle(incident);
  if (incident.state === 'withdrawn') return clip(`${title}. The data no longer supports it.`, MAX_SUMMARY);
  if (incident.state === 'resolved') return clip(`${title}.`, MAX_SUMMARY);
  const alerts = tellingAlerts(incident);
  const figures = topMembers(alerts).slice(0, NAMED_FEATURES).map(figureOf).join(', ');
  const advice = clip(incidentAdvice(alerts), MAX_ADVICE).replace(/\.$/, '');
  const sentences = [title, figures, advice].filter((text) => text !== '');
  return clip(sentences.map((text) => `${text}.`).join(' '), MAX_SUMMARY);
}

import { isGraver } from './severity.ts';
import type { AlertEvent, AlertMember, Incident } from './types.ts';

/** PagerDuty's limit for `payload.summary`; other channels take more. */
const MAX_SUMMARY = 1024;
const NAMED_FEATURES = 4;
const NAMED_PLACES = 3;
const MAX_NAME = 60;
const MAX_ADVICE = 300;
const MAX_DATE_MS = 8.64e15;

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

/** How far beyond its threshold a member is: score / threshold. A threshold of 0 makes any positive score infinite. */
export function effectRatio(member: Pick<AlertMember, 'score' | 'threshold'>): number {
  if (!Number.isFinite(member.score)) return 0;
  if (member.threshold > 0) return member.score / member.threshold;
  return member.score > 0 ? Infinity : 0;
}

/** Minutes in UTC: `2018-10-30 00:00 UTC`. */
function utcMinute(ms: number): string {
  if (!(Math.abs(ms) <= MAX_DATE_MS)) return 'an unknown time';
  return `${new Date(ms).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
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
  const [ra, rb] = [effectRatio(a), effectRatio(b)];
  if (ra !== rb) return ra > rb ? -1 : 1;
  return a.feature < b.feature ? -1 : a.feature > b.feature ? 1 : 0;
}

/** The alerts an incident's text is about: those still on while it is open, else all. */
export function tellingAlerts(incident: Pick<Incident, 'state' | 'alerts'>): AlertEvent[] {
  const on = incident.alerts.filter((alert) => alert.state !== 'resolved' && alert.state !== 'withdrawn');
  return incident.state === 'open' && on.length > 0 ? on : incident.alerts;
}

function listing(items: readonly string[], named: number, noun: string): string {
  const rest = items.length - named;
  const shown = items.slice(0, named).map((item) => clip(item, MAX_NAME));
  return shown.join(', ') + (rest > 0 ? ` and ${rest} more ${noun}${rest === 1 ? '' : 's'}` : '');
}

function what(alerts: readonly AlertEvent[]): string {
  const members = topMembers(alerts);
  if (members.length === 0) return 'drift';
  const told = members.map(
    (m) => `${clip(m.feature, MAX_NAME)} (${m.metric} ${figure(m.score)}, threshold ${figure(m.threshold)})`,
  );
  const rest = members.length - NAMED_FEATURES;
  const more = rest > 0 ? ` and ${rest} more feature${rest === 1 ? '' : 's'}` : '';
  return `drift in ${told.slice(0, NAMED_FEATURES).join(', ')}${more}`;
}

function where(incident: Pick<Incident, 'model' | 'role'>, alerts: readonly AlertEvent[]): string {
  const versions = distinct(alerts.map((alert) => alert.version));
  const segments = distinct(alerts.map((alert) => alert.segment)).filter((segment) => segment !== '');
  const whole = alerts.some((alert) => alert.segment === '');
  const place =
    segments.length === 0 ? '' : `, ${whole ? 'overall and in ' : ''}${listing(segments, NAMED_PLACES, 'segment')}`;
  const version = `version${versions.length === 1 ? '' : 's'} ${listing(versions, NAMED_PLACES, 'version')}`;
  return `${clip(incident.model, MAX_NAME)} ${version} (${clip(incident.role, MAX_NAME)})${place}`;
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

/** One paragraph of at most 1,024 characters: what changed (greatest effects first), where, since when, what to do. */
export function incidentSummary(incident: Omit<Incident, 'summary'>): string {
  const alerts = tellingAlerts(incident);
  const story = `${where(incident, alerts)}: ${what(alerts)}`;
  const since = utcMinute(incident.since);
  if (incident.state === 'withdrawn') {
    return clip(`Withdrawn: ${story} since ${since} is no longer supported by the data.`, MAX_SUMMARY);
  }
  if (incident.state === 'resolved') {
    return clip(`Resolved: ${story} from ${since} to ${utcMinute(incident.resolvedAt ?? NaN)}.`, MAX_SUMMARY);
  }
  const advice = clip(incidentAdvice(alerts), MAX_ADVICE);
  return clip(`${story} since ${since}.${advice ? ` ${advice}` : ''}`, MAX_SUMMARY);
}

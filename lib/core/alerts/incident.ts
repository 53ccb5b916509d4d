import { incidentSummary } from './incident-summary.ts';
import { higherSeverity } from './severity.ts';
import type { AlertEvent, Incident, IncidentState } from './types.ts';

/**
 * The latest revision of each alert (by episode) of two lists: higher revisions win, equal ones keep the first. Order of
 * the result: by episode, so that the same alerts always give the same incident.
 */
export function mergeAlerts(known: readonly AlertEvent[], received: readonly AlertEvent[]): AlertEvent[] {
  const latest = new Map<string, AlertEvent>();
  for (const alert of [...known, ...received]) {
    const other = latest.get(alert.episode);
    if (!other || alert.revision > other.revision) latest.set(alert.episode, alert);
  }
  return [...latest.values()].sort((a, b) => (a.episode < b.episode ? -1 : 1));
}

/** Version of an incident: the sum of its alerts' revisions. It rises with every revision and every new alert. */
export function incidentVersion(alerts: readonly AlertEvent[]): number {
  return alerts.reduce((sum, alert) => sum + alert.revision, 0);
}

/** An alert that has ended, one way or the other. A state this version does not know has not: never close what is not understood. */
function ended(alert: AlertEvent): boolean {
  return alert.state === 'resolved' || alert.state === 'withdrawn';
}

function stateOf(alerts: readonly AlertEvent[]): IncidentState {
  if (!alerts.every(ended)) return 'open';
  return alerts.every((alert) => alert.state === 'withdrawn') ? 'withdrawn' : 'resolved';
}

/**
 * An incident as its alerts' latest revisions tell it (one alert per episode, all of one incident; at least one).
 * Severity and start come from the alerts that were not withdrawn (from all of them if all were); `resolvedAt` is the end
 * of the last evidence, ms of event time.
 */
export function summarizeIncident(alerts: readonly AlertEvent[]): Incident {
  const first = alerts[0];
  if (!first?.incident) throw new RangeError('An incident needs at least one alert that names it.');
  const state = stateOf(alerts);
  const valid = alerts.filter((alert) => alert.state !== 'withdrawn');
  const telling = valid.length > 0 ? valid : alerts;
  const facts = {
    incident: first.incident,
    model: first.model,
    role: first.role,
    state,
    severity: telling.map((alert) => alert.severity).reduce(higherSeverity),
    since: Math.min(...telling.map((alert) => alert.since)),
    resolvedAt: state === 'open' ? null : alerts.reduce((max, alert) => Math.max(max, alert.asOf), -Infinity),
    alerts: [...alerts],
  };
  return { ...facts, summary: incidentSummary(facts) };
}

/** Features that are part of an incident now (of all its alerts once it is closed), sorted, each once. */
export function incidentFeatures(incident: Pick<Incident, 'state' | 'alerts'>): string[] {
  const telling = incident.state === 'open' ? incident.alerts.filter((alert) => !ended(alert)) : incident.alerts;
  return [...new Set(telling.flatMap((alert) => alert.members.map((member) => member.feature)))].sort();
}

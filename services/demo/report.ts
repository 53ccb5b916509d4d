import type { AlertEvent, Incident } from '../../lib/core/alerts/types.ts';

/** Addresses that a person can open. */
export interface DemoAddresses {
  page: string;
  sql: string;
  pagerduty: string;
}

/** One incident in words. */
export function describeIncident(incident: Incident, page: string): string {
  const lines = [
    `Incident ${incident.incident} (${incident.severity}, ${incident.state})`,
    `  ${incident.summary}`,
    ...incident.alerts.flatMap(describeAlert),
    `  ${page}/incidents/${encodeURIComponent(incident.incident)}`,
  ];
  return lines.join('\n');
}

function describeAlert(alert: AlertEvent): string[] {
  const members = alert.members.map((member) => `    - since ${day(member.since)}: ${member.explanation}`);
  return [`  ${alert.monitor}, version ${alert.version || '(none)'}:`, ...members, `    ${alert.advice}`];
}

function day(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}

/** Where to look further: the page, PagerDuty's side, and SQL to paste. */
export function nextSteps(addresses: DemoAddresses): string {
  return [
    `The page:         ${addresses.page}`,
    `PagerDuty's side: ${addresses.pagerduty}`,
    `SQL to paste:     curl '${addresses.sql}/' --data-binary "SELECT feature, metric, window_start, round(score, 3) AS score, threshold`,
    "                  FROM drift_scores WHERE model = 'car-loan' AND breached ORDER BY window_start, feature, metric FORMAT PrettyCompact\"",
  ].join('\n');
}

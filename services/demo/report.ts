import { incidentTitle } from '../../lib/core/alerts/incident-summary.ts';
import type { AlertEvent, Incident } from '../../lib/core/alerts/types.ts';

/** Where a person can look. */
interface Addresses {
  pageUrl: string;
  sqlUrl: string;
  /** null: the real one. */
  pagerdutyUrl: string | null;
  configFile: string;
}

/** One incident in words. */
export function describeIncident(incident: Incident, page: string): string {
  const lines = [
    `Incident ${incident.incident} (${incident.severity}, ${incident.state})`,
    `  ${incidentTitle(incident)}`,
    ...incident.alerts.flatMap(describeAlert),
    ...distinctAdvice(incident),
    `  ${page}/incidents/${encodeURIComponent(incident.incident)}`,
  ];
  return lines.join('\n');
}

function distinctAdvice({ alerts }: Incident): string[] {
  return [...new Set(alerts.map((alert) => alert.advice))].map((advice) => `  ${advice}.`);
}

function describeAlert(alert: AlertEvent): string[] {
  const members = alert.members.map((member) => `    - since ${day(member.since)}: ${member.explanation}`);
  return [`  ${alert.monitor}, version ${alert.version || '(none)'}:`, ...members];
}

function day(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}

/** Where to look further: the page, PagerDuty's side, the configuration, and SQL to paste. */
export function nextSteps({ pageUrl, sqlUrl, pagerdutyUrl, configFile }: Addresses): string {
  const sql = `SELECT feature, metric, min(window_start) AS since, round(max(effect), 2) AS worst
FROM drift_scores WHERE model = 'car-loan' AND breached GROUP BY feature, metric ORDER BY since, feature FORMAT PrettyCompact`;
  return [
    `The page:         ${pageUrl}`,
    `PagerDuty's side: ${pagerdutyUrl === null ? 'the configured account' : `${pagerdutyUrl} (what arrived: ${pagerdutyUrl}/events)`}`,
    `Configuration:    ${configFile}`,
    'SQL to paste:',
    `curl '${sqlUrl}/?database=driftline' --data-binary "${sql}"`,
    '',
  ].join('\n');
}

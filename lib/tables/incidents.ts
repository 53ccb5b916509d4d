import { incidentFeatures, incidentVersion } from '../core/alerts/incident.ts';
import type { AlertEvent, Incident } from '../core/alerts/types.ts';
import type { Row, Store } from '../ports/store.ts';
import { sqlTime } from './time.ts';

export interface IncidentRecord {
  incident: Incident;
  /** The page that explains it; null where no public address is known. */
  url: string | null;
}

function toRow({ incident, url }: IncidentRecord): Row {
  return {
    incident: incident.incident,
    model: incident.model,
    role: incident.role,
    state: incident.state,
    severity: incident.severity,
    summary: incident.summary,
    since: sqlTime(incident.since),
    resolved_at: incident.resolvedAt === null ? null : sqlTime(incident.resolvedAt),
    members: incidentFeatures(incident),
    url: url ?? '',
    row_version: incidentVersion(incident.alerts),
  };
}

/** Writes incidents as their alerts' latest revisions tell them; idempotent, a writer that lags changes nothing. */
export async function writeIncidents(store: Store, records: readonly IncidentRecord[]): Promise<void> {
  await store.insert('incident_rows', records.map(toRow));
}

/** Models of the incidents named; unknown incidents are absent. */
export async function modelsOfIncidents(store: Store, incidents: readonly string[]): Promise<Map<string, string>> {
  if (incidents.length === 0) return new Map();
  const rows = await store.query<{ incident: string; model: string }>(
    'SELECT incident, model FROM incident_rows FINAL WHERE incident IN {incidents:Array(String)}',
    { incidents },
  );
  return new Map(rows.map((row) => [row.incident, row.model]));
}

/**
 * Incidents whose recorded row is older than their alerts' latest revisions (or missing): what a notifier that was away
 * while the alerts topic lost records would never hear of.
 */
export async function incidentsBehind(store: Store): Promise<{ incident: string; model: string }[]> {
  const latest = await store.query<{ incident: string; model: string; version: number }>(
    `SELECT incident, model, sum(revision) AS version
     FROM (SELECT incident, model, episode, max(revision) AS revision FROM alert_rows
           WHERE incident != '' GROUP BY incident, model, episode)
     GROUP BY incident, model`,
  );
  const recorded = await store.query<{ incident: string; version: number }>(
    'SELECT incident, row_version AS version FROM incident_rows FINAL',
  );
  const versions = new Map(recorded.map((row) => [row.incident, row.version]));
  return latest
    .filter((row) => (versions.get(row.incident) ?? -1) < row.version)
    .map(({ incident, model }) => ({ incident, model }));
}

/** Latest revision of every alert of the incidents named, by incident; one without alert rows has an empty list. */
export async function alertsOfIncidents(
  store: Store,
  incidents: readonly string[],
): Promise<Map<string, AlertEvent[]>> {
  return latestAlerts(store, incidents, '1');
}

/** The same, but the latest revision in which each alert was on: what the incident was before it ended. */
export async function firingAlertsOfIncidents(
  store: Store,
  incidents: readonly string[],
): Promise<Map<string, AlertEvent[]>> {
  return latestAlerts(store, incidents, "state IN ('firing', 'updated', 'acknowledged')");
}

async function latestAlerts(
  store: Store,
  incidents: readonly string[],
  condition: string,
): Promise<Map<string, AlertEvent[]>> {
  const alerts = new Map<string, AlertEvent[]>(incidents.map((incident) => [incident, []]));
  if (incidents.length === 0) return alerts;
  const rows = await store.query<{ incident: string; latest: string }>(
    `SELECT incident, argMax(event, (revision, written_at)) AS latest FROM alert_rows
     WHERE incident IN {incidents:Array(String)} AND ${condition} GROUP BY incident, model, episode`,
    { incidents },
  );
  for (const { incident, latest } of rows) alerts.get(incident)?.push(JSON.parse(latest) as AlertEvent);
  return alerts;
}

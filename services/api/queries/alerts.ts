import type { AlertEvent } from '../../../lib/core/alerts/types.ts';
import type { Store } from '../../../lib/ports/store.ts';
import type { AlertSummary, IncidentDetail, IncidentSummary } from '../schemas/alerts.ts';
import { recentWindows } from './recent.ts';

/** Filters of lists; an empty string takes everything. */
export interface ListFilter {
  model: string;
  state: string;
  limit: number;
}

const FILTER = `({model:String} = '' OR model = {model:String}) AND ({state:String} = '' OR state = {state:String})`;

/** Alerts as of their latest revision, latest first. */
export async function alertList(store: Store, filter: ListFilter): Promise<AlertSummary[]> {
  return store.query(
    `SELECT episode, revision, state, monitor, model, version, role, segment, severity,
       toUnixTimestamp64Milli(a.since) AS since, incident, members
     FROM alerts AS a WHERE ${FILTER} ORDER BY a.since DESC, episode LIMIT {limit:UInt32}`,
    { ...filter },
  );
}

const INCIDENT_COLUMNS = `incident, model, role, state, severity, summary, toUnixTimestamp64Milli(i.since) AS since,
  if(isNull(i.resolved_at), NULL, toUnixTimestamp64Milli(assumeNotNull(i.resolved_at))) AS resolved_at, members, url`;

/** Incidents, open ones first, then latest first. */
export async function incidentList(store: Store, filter: ListFilter): Promise<IncidentSummary[]> {
  return store.query(
    `SELECT ${INCIDENT_COLUMNS} FROM incidents AS i WHERE ${FILTER}
     ORDER BY state = 'open' DESC, i.since DESC, incident LIMIT {limit:UInt32}`,
    { ...filter },
  );
}

export async function incidentById(store: Store, incident: string): Promise<IncidentSummary | null> {
  const rows = await store.query<IncidentSummary>(
    `SELECT ${INCIDENT_COLUMNS} FROM incidents AS i WHERE incident = {incident:String}`,
    { incident },
  );
  return rows[0] ?? null;
}

export interface Revision {
  event: AlertEvent;
  writtenAt: number;
}

/** Every revision of the alerts of an incident, oldest first; pending ones, written before it had an id, included. */
export async function incidentRevisions(store: Store, model: string, incident: string): Promise<Revision[]> {
  const rows = await store.query<{ event: string; written_ms: number }>(
    `SELECT event, toUnixTimestamp64Milli(written_at) AS written_ms FROM alert_rows FINAL
     WHERE model = {model:String} AND episode IN (
       SELECT episode FROM alert_rows WHERE model = {model:String} AND incident = {incident:String})
     ORDER BY as_of, episode, revision`,
    { model, incident },
  );
  return rows.map((row) => ({ event: JSON.parse(row.event) as AlertEvent, writtenAt: row.written_ms }));
}

export async function incidentDeliveries(store: Store, incident: string): Promise<IncidentDetail['deliveries']> {
  return store.query(
    `SELECT channel, action, dedup_key, attempt, status, state, reason,
       toUnixTimestamp64Milli(d.next_attempt_at) AS next_attempt_at FROM deliveries AS d
     WHERE incident = {incident:String} ORDER BY channel, action DESC, attempt`,
    { incident },
  );
}

export interface MonitorStatus {
  monitor: string;
  model: string;
  window_end: number;
  scored: number;
  not_scored: number;
  breached: number;
}

/** A monitor that has tested none of its model's last windows tests it no more. */
const STATUS_WINDOWS = 48;

/** What each monitor found in the latest window it has tested, among its model's latest ones. */
export async function monitorStatuses(store: Store): Promise<MonitorStatus[]> {
  const recent = await recentWindows(store, null, STATUS_WINDOWS);
  return store.query(
    `SELECT monitor, model, toUnixTimestamp64Milli(w.window_end) AS window_end, count(score) AS scored,
       count() - count(score) AS not_scored, countIf(breached = 1) AS breached
     FROM drift_scores AS w WHERE ${recent.sql} GROUP BY monitor, model, w.window_end
     ORDER BY monitor, model, w.window_end DESC LIMIT 1 BY monitor, model`,
    recent.params,
  );
}

export async function openAlertCounts(store: Store): Promise<{ monitor: string; model: string; open: number }[]> {
  return store.query(
    `SELECT monitor, model, count() AS open FROM alerts
     WHERE state IN ('pending', 'firing', 'updated', 'acknowledged') GROUP BY monitor, model`,
  );
}

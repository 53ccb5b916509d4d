import type { StoredAlert } from '../core/alerts/episode-book.ts';
import type { AlertEvent, AlertState } from '../core/alerts/types.ts';
import type { Row, Store } from '../ports/store.ts';
import { sqlTime } from './time.ts';

/** States after which an episode never changes again. */
const TERMINAL: readonly AlertState[] = ['resolved', 'withdrawn'];

/**
 * The outbox: writes alert events before they are published. Writing the same event again (same episode and revision)
 * replaces the row with itself.
 */
export async function insertAlertEvents(store: Store, events: readonly AlertEvent[]): Promise<void> {
  await store.insert('alert_rows', events.map(rowOf));
}

/** Latest revision of every alert that belongs to the incident, by first breach, then episode. */
export async function latestAlertsOfIncident(store: Store, incident: string): Promise<AlertEvent[]> {
  return latest(store, 'incident = {incident:String}', '1', { incident });
}

/** Latest revision of every alert of the model that is open or was written at or after `writtenSince` (ms, wall clock). */
export async function liveAlertsOfModel(store: Store, model: string, writtenSince: number): Promise<AlertEvent[]> {
  return latest(
    store,
    'model = {model:String}',
    "last_state NOT IN {terminal:Array(String)} OR last_written >= toDateTime64({since:String}, 3, 'UTC')",
    { model, terminal: TERMINAL, since: sqlTime(writtenSince) },
  );
}

/**
 * Every revision written within `lastMs` before the model's newest one, by alert and revision: among them is whatever its
 * writer had no time to publish, such as the firing of an alert that was resolved in the same batch.
 */
export async function lastWrittenOfModel(store: Store, model: string, lastMs: number): Promise<AlertEvent[]> {
  const rows = await store.query<{ event: string }>(
    `SELECT event FROM alert_rows FINAL
     WHERE model = {model:String} AND written_at >= (
       SELECT max(written_at) - toIntervalMillisecond({lastMs:UInt32}) FROM alert_rows WHERE model = {model:String})
     ORDER BY since, episode, revision`,
    { model, lastMs },
  );
  return rows.map((row) => JSON.parse(row.event) as AlertEvent);
}

/**
 * The last event of each identity (monitor, version, role, segment) of the model, whatever its state: its latest
 * episode by evidence; of two with the same evidence (late data withdrew one and opened another) the open one.
 */
export async function lastAlertsOfModel(store: Store, model: string): Promise<StoredAlert[]> {
  const rows = await store.query<{ identity_event: string; identity_opened: number }>(
    `SELECT argMax(last_event, (last_as_of, last_open, episode)) AS identity_event,
       argMax(toUnixTimestamp64Milli(first_as_of), (last_as_of, last_open, episode)) AS identity_opened
     FROM (
       SELECT episode, monitor, version, role, segment, max(as_of) AS last_as_of, min(as_of) AS first_as_of,
         argMax(event, (revision, written_at)) AS last_event,
         argMax(state, (revision, written_at)) NOT IN {terminal:Array(String)} AS last_open
       FROM alert_rows WHERE model = {model:String} GROUP BY episode, monitor, version, role, segment)
     GROUP BY monitor, version, role, segment`,
    { model, terminal: TERMINAL },
  );
  return rows.map((row) => ({
    event: JSON.parse(row.identity_event) as AlertEvent,
    opened: row.identity_opened,
  }));
}

async function latest(
  store: Store,
  where: string,
  having: string,
  params: Record<string, unknown>,
): Promise<AlertEvent[]> {
  const rows = await store.query<{ last_event: string }>(
    `SELECT argMax(event, (revision, written_at)) AS last_event, argMax(state, (revision, written_at)) AS last_state,
       max(written_at) AS last_written, min(since) AS first_since
     FROM alert_rows WHERE ${where} GROUP BY model, episode HAVING ${having} ORDER BY first_since, episode`,
    params,
  );
  return rows.map((row) => JSON.parse(row.last_event) as AlertEvent);
}

function rowOf(event: AlertEvent): Row {
  return {
    model: event.model,
    episode: event.episode,
    revision: event.revision,
    state: event.state,
    monitor: event.monitor,
    version: event.version,
    role: event.role,
    segment: event.segment,
    severity: event.severity,
    since: sqlTime(event.since),
    as_of: sqlTime(event.asOf),
    incident: event.incident ?? '',
    members: event.members.map((member) => member.feature),
    event: JSON.stringify(event),
  };
}

import { summarizeIncident } from '../../lib/core/alerts/incident.ts';
import type { Incident } from '../../lib/core/alerts/types.ts';
import type { Store } from '../../lib/ports/store.ts';
import { latestAlertsOfIncident } from '../../lib/tables/alerts.ts';

/** Every incident of the store with its alerts, the oldest first. */
export async function loadIncidents(store: Store): Promise<Incident[]> {
  const rows = await store.query<{ incident: string }>(
    'SELECT incident FROM incident_rows FINAL ORDER BY since, incident',
  );
  return Promise.all(
    rows.map(async ({ incident }) => summarizeIncident(await latestAlertsOfIncident(store, incident))),
  );
}

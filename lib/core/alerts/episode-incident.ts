import { isFiring } from './episode.ts';
import { incidentId } from './episode-id.ts';
import type { AlertEvent } from './types.ts';

/** Open incidents of one model by role. */
export type OpenIncidents = ReadonlyMap<string, string>;

/** Open incidents among the last events of a model's alerts: those that a firing alert belongs to. */
export function openIncidents(events: Iterable<AlertEvent>): Map<string, string> {
  const open = new Map<string, string>();
  for (const event of events) if (isFiring(event) && event.incident !== null) open.set(event.role, event.incident);
  return open;
}

/**
 * Default grouping, (model, role), decided before anything is published: an alert that fires joins the open incident
 * of its role, the first one opens it. `open` is the state before these events, so that an alert which fires in the
 * window in which the last other one resolves still joins its incident. Ended alerts come last in the result: an
 * incident is never empty between two events of one window. An incident id once given stays.
 */
export function assignIncidents(events: readonly AlertEvent[], open: OpenIncidents): AlertEvent[] {
  const incidents = new Map(open);
  const assigned = events.map((event) => {
    if (!isFiring(event) || event.incident !== null) return event;
    const incident = incidents.get(event.role) ?? incidentId(event.model, event.role, event.episode, event.since);
    incidents.set(event.role, incident);
    return { ...event, incident };
  });
  return [...assigned.filter(isFiring), ...assigned.filter((event) => !isFiring(event))];
}

import type { AcceptedEvent } from './contract.ts';

export interface LocalIncident {
  dedupKey: string;
  state: 'triggered' | 'acknowledged' | 'resolved';
  summary: string;
  severity: string;
  source: string;
  triggers: number;
  /** ISO 8601. */
  openedAt: string;
  updatedAt: string;
}

export interface IncidentBook {
  apply(event: AcceptedEvent & { dedupKey: string }, at: string): void;
  /** Oldest first; a dedup key that was triggered again after its resolve is a new incident. */
  list(): readonly LocalIncident[];
}

/**
 * Incidents as PagerDuty would keep them: a trigger joins the open incident of its (routing key, dedup key) or opens one;
 * acknowledge and resolve through another routing key, or without an open incident, are accepted and change nothing.
 */
export function createIncidentBook(): IncidentBook {
  const open = new Map<string, LocalIncident>();
  const all: LocalIncident[] = [];
  return {
    list: () => all,
    apply(event, at) {
      const key = JSON.stringify([event.routingKey, event.dedupKey]);
      const incident = open.get(key);
      if (event.action === 'trigger') {
        if (incident) return retrigger(incident, event, at);
        const opened = newIncident(event, at);
        all.push(opened);
        open.set(key, opened);
        return;
      }
      if (!incident) return;
      incident.state = event.action === 'resolve' ? 'resolved' : 'acknowledged';
      incident.updatedAt = at;
      if (event.action === 'resolve') open.delete(key);
    },
  };
}

function newIncident(event: AcceptedEvent & { dedupKey: string }, at: string): LocalIncident {
  return {
    dedupKey: event.dedupKey,
    state: 'triggered',
    summary: event.summary ?? '',
    severity: event.severity ?? '',
    source: event.source ?? '',
    triggers: 1,
    openedAt: at,
    updatedAt: at,
  };
}

function retrigger(incident: LocalIncident, event: AcceptedEvent, at: string): void {
  incident.triggers += 1;
  incident.summary = event.summary ?? incident.summary;
  incident.severity = event.severity ?? incident.severity;
  incident.updatedAt = at;
}

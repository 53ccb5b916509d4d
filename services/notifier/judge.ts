import { incidentVersion, mergeAlerts, summarizeIncident } from '../../lib/core/alerts/incident.ts';
import { afterNotice, decideNotice } from '../../lib/core/alerts/notify.ts';
import type { Incident } from '../../lib/core/alerts/types.ts';
import type { Delivery } from '../../lib/tables/deliveries.ts';
import { firingAlertsOfIncidents } from '../../lib/tables/incidents.ts';
import type { DeskDeps } from './desk-deps.ts';
import type { Lane, QueuedDelivery } from './lane.ts';
import { newDelivery } from './outbox.ts';

type JudgeDeps = Pick<DeskDeps, 'store' | 'stored' | 'urlOf' | 'logger' | 'clock'>;

/** An incident as it has changed. */
export interface Changed {
  /** By channel. */
  lanes: ReadonlyMap<string, Lane>;
  incident: Incident;
  raisedAt: number | null;
}

/** What follows from it: the incident as it is recorded, and what each lane has to say. */
export interface Verdict {
  incident: Incident;
  url: string | null;
  queued: { lane: Lane; deliveries: QueuedDelivery[] }[];
}

/** What is to be written and said about incidents that have changed. */
export async function judge(deps: JudgeDeps, changed: readonly Changed[]): Promise<Verdict[]> {
  const unheard = changed.filter(({ lanes, incident }) => {
    return incident.state === 'resolved' && [...lanes.values()].some((lane) => lane.state() === null);
  });
  const fired = await deps.stored(() =>
    firingAlertsOfIncidents(
      deps.store,
      unheard.map(({ incident }) => incident.incident),
    ),
  );
  return changed.map(({ lanes, incident, raisedAt }) => {
    const url = deps.urlOf(incident.incident);
    // A page about what is over tells what it was, not that it is over: the resolve behind it does.
    const before = fired.get(incident.incident) ?? [];
    const page = before.length > 0 ? summarizeIncident(mergeAlerts([], before)) : incident;
    const queued = [...lanes].map(([channel, lane]) => ({
      lane,
      deliveries: decide(deps, { channel, lane, incident, page, url }).map((delivery) => ({ delivery, raisedAt })),
    }));
    return { incident, url, queued };
  });
}

interface Question {
  channel: string;
  lane: Lane;
  incident: Incident;
  /** The incident as a first trigger is to tell it. */
  page: Incident;
  url: string | null;
}

/** Every notice that is due, in order: usually none or one; a trigger and its resolve where both happened unheard. */
function decide(deps: JudgeDeps, { channel, lane, incident, page, url }: Question): Delivery[] {
  const due: Delivery[] = [];
  for (let state = lane.state(); ; ) {
    const decision = decideNotice(state, incident);
    const facts = { incident: incident.incident, channel, action: decision.action };
    deps.logger.debug(facts, `incident ${incident.incident}, ${channel}: ${decision.action}, ${decision.reason}`);
    if (decision.action === 'none') return due;
    const content = decision.action === 'trigger' ? page : incident;
    const tries = lane.tries(incidentVersion(content.alerts), decision.action);
    due.push(newDelivery({ channel, incident: content, url, decision, tries, now: deps.clock.now() }));
    state = afterNotice(state, { action: decision.action, incident: content, parked: false });
  }
}

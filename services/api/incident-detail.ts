import type { AlertEvent, AlertMember } from '../../lib/core/alerts/types.ts';
import type { Store } from '../../lib/ports/store.ts';
import { incidentSql } from './incident-sql.ts';
import { incidentById, incidentDeliveries, incidentRevisions, type Revision } from './queries/alerts.ts';
import type { IncidentDetail } from './schemas/alerts.ts';

/** Everything that explains one incident; null where there is none of that id. */
export async function incidentDetail(store: Store, id: string): Promise<IncidentDetail | null> {
  const incident = await incidentById(store, id);
  if (incident === null) return null;
  const [revisions, deliveries] = await Promise.all([
    incidentRevisions(store, incident.model, id),
    incidentDeliveries(store, id),
  ]);
  const alerts = latestRevisions(revisions);
  return {
    ...incident,
    alerts: alerts.map(describeAlert),
    timeline: revisions.map(describeRevision),
    deliveries,
    sql: incidentSql(incident, alerts),
  };
}

function latestRevisions(revisions: readonly Revision[]): AlertEvent[] {
  const latest = new Map<string, AlertEvent>();
  for (const { event } of revisions) {
    const known = latest.get(event.episode);
    if (!known || known.revision < event.revision) latest.set(event.episode, event);
  }
  return [...latest.values()];
}

function describeAlert(event: AlertEvent): IncidentDetail['alerts'][number] {
  const { episode, revision, state, monitor, version, role, segment, severity, since, asOf, reason, advice } = event;
  const members = event.members.map(describeMember);
  return {
    episode,
    revision,
    state,
    monitor,
    version,
    role,
    segment,
    severity,
    since,
    as_of: asOf,
    reason,
    advice,
    members,
  };
}

function describeMember(member: AlertMember): IncidentDetail['alerts'][number]['members'][number] {
  const { feature, metric, definition, score, effect, threshold, since, baseline, explanation } = member;
  return {
    ...{ feature, metric, definition, score, effect, threshold, since, baseline, explanation },
    p_value: member.pValue,
    window_start: member.windowStart,
    window_end: member.windowEnd,
    n_current: member.nCurrent,
    n_baseline: member.nBaseline,
  };
}

function describeRevision({ event, writtenAt }: Revision): IncidentDetail['timeline'][number] {
  const { episode, revision, state, severity, reason } = event;
  const members = [...new Set(event.members.map((member) => member.feature))];
  return { episode, revision, state, as_of: event.asOf, written_at: writtenAt, severity, reason, members };
}

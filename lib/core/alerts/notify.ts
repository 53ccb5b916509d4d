import { higherSeverity, isGraver } from './severity.ts';
import type { AlertEvent, Incident, NoticeAction, Severity } from './types.ts';

/** What one channel has been asked to say about one incident so far: the fold of its notices, oldest first. */
export interface NoticeState {
  last: NoticeAction;
  /** A trigger was accepted, or is still on its way. False where every one was parked: then there is nothing to resolve. */
  paged: boolean;
  /** Highest severity told. */
  severity: Severity;
  /** Every member ever told: a feature that comes and goes is news once. */
  members: readonly string[];
}

export type NoticeDecision = { action: NoticeAction; reason: string } | { action: 'none'; reason: string };

/** Identity of an alert's member within an incident; an alert that fires again under a new episode keeps it. */
function memberKeys(alert: AlertEvent): string[] {
  const place = JSON.stringify([alert.monitor, alert.version, alert.segment]);
  return alert.members.length === 0 ? [place] : alert.members.map((member) => `${place} ${member.feature}`);
}

function isOn(alert: AlertEvent): boolean {
  return alert.state === 'firing' || alert.state === 'updated' || alert.state === 'acknowledged';
}

function membersOn(incident: Incident): string[] {
  return incident.alerts.filter(isOn).flatMap(memberKeys);
}

/**
 * Whether a channel has to say something about an incident, and why (or why not). Pages: the first firing, a raised
 * severity, a new member, firing again after a resolve. A change of scores alone is no news. An incident that fired and
 * was resolved before the channel heard of it is told whole: a trigger now and, on the next call, its resolve, so that
 * how far the notifier lags never decides whether anybody is paged. What was withdrawn before anybody heard of it stays unsaid.
 */
export function decideNotice(previous: NoticeState | null, incident: Incident): NoticeDecision {
  if (previous === null || previous.last === 'resolve') return decideFirst(previous, incident);
  if (incident.state !== 'open') return decideEnd(previous, incident);
  if (isGraver(incident.severity, previous.severity)) {
    return { action: 'trigger', reason: `severity raised from ${previous.severity} to ${incident.severity}` };
  }
  const told = new Set(previous.members);
  const news = membersOn(incident).filter((member) => !told.has(member));
  if (news.length > 0) return { action: 'trigger', reason: `${news.length} new member${news.length === 1 ? '' : 's'}` };
  return { action: 'none', reason: 'nothing new: same members, severity not raised' };
}

function decideFirst(previous: NoticeState | null, incident: Incident): NoticeDecision {
  if (incident.state === 'open') {
    if (!incident.alerts.some(isOn)) return { action: 'none', reason: 'no alert is known to be firing' };
    return { action: 'trigger', reason: previous ? 'firing again after it was resolved' : 'first firing' };
  }
  if (previous) return { action: 'none', reason: `already told that it is ${incident.state}` };
  if (incident.state === 'withdrawn') return { action: 'none', reason: 'withdrawn before anybody was told' };
  return { action: 'trigger', reason: 'fired, and was resolved before anybody was told' };
}

function decideEnd(previous: NoticeState, incident: Incident): NoticeDecision {
  if (!previous.paged) return { action: 'none', reason: 'no trigger was accepted, so there is nothing to resolve' };
  return { action: 'resolve', reason: incident.state === 'withdrawn' ? 'all alerts withdrawn' : 'all alerts resolved' };
}

/** State after one more notice; `parked`: the channel refused it for good. */
export function afterNotice(
  previous: NoticeState | null,
  notice: { action: NoticeAction; incident: Incident; parked: boolean },
): NoticeState {
  const fresh = previous === null || previous.last === 'resolve' ? null : previous;
  const { action, incident, parked } = notice;
  if (action === 'resolve') {
    return { last: 'resolve', paged: false, severity: incident.severity, members: previous?.members ?? [] };
  }
  return {
    last: 'trigger',
    paged: (fresh?.paged ?? false) || !parked,
    severity: fresh ? higherSeverity(fresh.severity, incident.severity) : incident.severity,
    members: [...new Set([...(fresh?.members ?? []), ...membersOn(incident)])].sort(),
  };
}

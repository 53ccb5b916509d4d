import { effectRatio } from '../../core/alerts/effect.ts';
import { clip, incidentAdvice, tellingAlerts } from '../../core/alerts/incident-summary.ts';
import type { AlertEvent, AlertMember, Incident, IncidentNotice } from '../../core/alerts/types.ts';

/** Limits of the Events API v2: 512 KB for the whole body (in its smaller reading), 1,024 characters for the summary. */
const MAX_BODY_BYTES = 512_000;
const MAX_SUMMARY = 1024;
const MAX_TEXT = 500;
const MAX_NAME = 255;
/** More than anybody reads; the page and SQL have the rest. */
const MAX_MEMBERS = 500;

/** The body of POST /v2/enqueue, JSON text. Details are trimmed and measured again until the whole fits. */
export function composeEvent(notice: IncidentNotice, routingKey: string): string {
  const members = notice.action === 'trigger' ? membersOf(notice.incident) : [];
  for (let kept = Math.min(members.length, MAX_MEMBERS); ; kept = Math.floor(kept / 2)) {
    const body = JSON.stringify(eventOf(notice, routingKey, members.slice(0, kept), members.length));
    if (kept === 0 || Buffer.byteLength(body) <= MAX_BODY_BYTES) return body;
  }
}

interface Member {
  alert: AlertEvent;
  member: AlertMember;
}

/** Members with the greatest effects first. */
function membersOf(incident: Incident): Member[] {
  const members = tellingAlerts(incident).flatMap((alert) => alert.members.map((member) => ({ alert, member })));
  const byEffect = (ratio: number, other: number) => (ratio === other ? 0 : ratio > other ? -1 : 1);
  return members.sort((a, b) => byEffect(effectRatio(a.member), effectRatio(b.member)));
}

function eventOf(notice: IncidentNotice, routingKey: string, members: readonly Member[], total: number): object {
  const { incident, url } = notice;
  return {
    routing_key: routingKey,
    event_action: notice.action,
    dedup_key: notice.dedupKey,
    client: 'Driftline',
    ...(url === null ? {} : { client_url: url, links: [{ href: url, text: 'The incident in Driftline' }] }),
    payload: {
      summary: clip(incident.summary, MAX_SUMMARY),
      source: clip(`${incident.model}/${incident.role}`, MAX_NAME),
      severity: incident.severity,
      timestamp: isoTime(Math.max(...incident.alerts.map((alert) => alert.asOf))),
      component: clip(incident.model, MAX_NAME),
      group: clip(incident.role, MAX_NAME),
      class: 'drift',
      ...(notice.action === 'trigger' ? { custom_details: detailsOf(incident, members, total) } : {}),
    },
  };
}

function detailsOf(incident: Incident, members: readonly Member[], total: number): object {
  return {
    incident: incident.incident,
    since: isoTime(incident.since),
    advice: clip(incidentAdvice(tellingAlerts(incident)), MAX_TEXT),
    members: members.map(detailOf),
    ...(members.length < total ? { members_left_out: total - members.length } : {}),
    sql: lookupSql(incident),
  };
}

function detailOf({ alert, member }: Member): object {
  return {
    feature: clip(member.feature, MAX_NAME),
    segment: clip(alert.segment, MAX_NAME),
    version: clip(alert.version, MAX_NAME),
    metric: member.metric,
    definition: member.definition,
    score: member.score,
    effect: member.effect,
    threshold: member.threshold,
    p_value: member.pValue,
    since: isoTime(member.since),
    window: `${isoTime(member.windowStart)} to ${isoTime(member.windowEnd)}`,
    baseline: clip(member.baseline, MAX_NAME),
    n_current: member.nCurrent,
    n_baseline: member.nBaseline,
    monitor: clip(alert.monitor, MAX_NAME),
    explanation: clip(member.explanation, MAX_TEXT),
  };
}

function isoTime(ms: number): string | undefined {
  return Math.abs(ms) <= 8.64e15 ? new Date(ms).toISOString() : undefined;
}

/** A query to paste: what was breached since the start of the incident. */
function lookupSql({ model, role, since }: Incident): string {
  const time = isoTime(since)?.replace('T', ' ').replace('Z', '') ?? '1970-01-01 00:00:00.000';
  return (
    'SELECT window_start, feature, segment, metric, score, effect, threshold, p_value FROM drift_scores ' +
    `WHERE model = ${sqlText(model)} AND role = ${sqlText(role)} AND breached AND window_start >= '${time}' ` +
    'ORDER BY window_start, effect / threshold DESC'
  );
}

function sqlText(value: string): string {
  return `'${clip(value, MAX_NAME).replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}

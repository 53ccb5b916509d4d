import { createHash } from 'node:crypto';
import { incidentVersion } from '../../lib/core/alerts/incident.ts';
import type { Incident, NoticeAction } from '../../lib/core/alerts/types.ts';
import type { Delivery } from '../../lib/tables/deliveries.ts';

/** PagerDuty's limit; an incident id beyond it is replaced by its hash, which is as constant. */
const MAX_DEDUP_KEY = 255;

function dedupKeyOf(incident: string): string {
  return incident.length <= MAX_DEDUP_KEY ? incident : createHash('sha256').update(incident).digest('hex');
}

export interface DueNotice {
  channel: string;
  incident: Incident;
  url: string | null;
  decision: { action: NoticeAction; reason: string };
  /** Notices of this version and action before it, all of them refused. */
  tries: number;
  /** ms */
  now: number;
}

/**
 * A delivery as it enters the outbox. Its id is made of what it tells (incident, version, action): two notifiers that
 * decide the same at once write the same row.
 */
export function newDelivery({ channel, incident, url, decision, tries, now }: DueNotice): Delivery {
  const version = incidentVersion(incident.alerts);
  const notice = { action: decision.action, dedupKey: dedupKeyOf(incident.incident), incident, url };
  return {
    incident: incident.incident,
    channel,
    noticeId: `${incident.incident}/${version}/${decision.action}${tries === 0 ? '' : `/${tries + 1}`}`,
    content: { notice, version, reason: decision.reason, account: '' },
    attempt: 0,
    status: 0,
    state: 'pending',
    reason: decision.reason,
    nextAttemptAt: now,
  };
}

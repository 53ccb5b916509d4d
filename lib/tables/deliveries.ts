import type { IncidentNotice } from '../core/alerts/types.ts';
import type { Row, Store } from '../ports/store.ts';
import { sqlTime } from './time.ts';

export type DeliveryState = 'pending' | 'sent' | 'parked';

/** A notice as the outbox keeps it. */
export interface OutboxNotice {
  notice: IncidentNotice;
  /** Version of the incident it tells of. */
  version: number;
  /** Why it is sent. */
  reason: string;
  /** The channel's account it was last sent through (a fingerprint, never the secret); '' before the first attempt. */
  account: string;
}

/** One notice for one channel: what is to be sent, and how far that has come. */
export interface Delivery {
  incident: string;
  channel: string;
  noticeId: string;
  content: OutboxNotice;
  /** Attempts made so far. */
  attempt: number;
  /** HTTP status of the last attempt; 0 where there was none. */
  status: number;
  state: DeliveryState;
  /** Outcome of the last attempt in words. */
  reason: string;
  /** ms. */
  nextAttemptAt: number;
}

/** A terminal state wins over any number of attempts of a racing writer, and `sent` over `parked`. */
const STATE_WEIGHT: Readonly<Record<DeliveryState, number>> = { pending: 0, parked: 2 ** 40, sent: 2 ** 41 };
/** At equal attempts a newer content wins over the one it replaced in the queue. */
const VERSIONS_PER_ATTEMPT = 2 ** 20;

function rowVersion(delivery: Delivery): number {
  const content = Math.min(delivery.content.version, VERSIONS_PER_ATTEMPT - 1);
  return STATE_WEIGHT[delivery.state] + Math.min(delivery.attempt, 2 ** 19) * VERSIONS_PER_ATTEMPT + content;
}

function toRow(delivery: Delivery): Row {
  const { notice } = delivery.content;
  return {
    incident: delivery.incident,
    channel: delivery.channel,
    notice_id: delivery.noticeId,
    action: notice.action,
    dedup_key: notice.dedupKey,
    attempt: delivery.attempt,
    status: delivery.status,
    state: delivery.state,
    reason: delivery.reason,
    notice: JSON.stringify(delivery.content),
    next_attempt_at: sqlTime(delivery.nextAttemptAt),
    row_version: rowVersion(delivery),
  };
}

/** Writes the state of deliveries; durable when it resolves. Rewrites of a notice replace each other. */
export async function writeDeliveries(store: Store, deliveries: readonly Delivery[]): Promise<void> {
  await store.insert('delivery_rows', deliveries.map(toRow));
}

interface DeliveryRow {
  incident: string;
  channel: string;
  noticeId: string;
  notice: string;
  attempt: number;
  status: number;
  state: DeliveryState;
  reason: string;
  nextAttemptAt: number;
}

/** All deliveries of the incidents named, by incident, each in the order in which they are to be sent. */
export async function deliveriesOfIncidents(
  store: Store,
  incidents: readonly string[],
): Promise<Map<string, Delivery[]>> {
  const deliveries = new Map<string, Delivery[]>(incidents.map((incident) => [incident, []]));
  if (incidents.length === 0) return deliveries;
  const rows = await store.query<DeliveryRow>(
    `SELECT incident, channel, notice_id AS noticeId, notice, attempt, status, state, reason,
            toUnixTimestamp64Milli(next_attempt_at) AS nextAttemptAt
     FROM delivery_rows FINAL WHERE incident IN {incidents:Array(String)}`,
    { incidents },
  );
  for (const { notice, ...row } of rows) {
    deliveries.get(row.incident)?.push({ ...row, content: JSON.parse(notice) as OutboxNotice });
  }
  for (const list of deliveries.values()) list.sort(inOrder);
  return deliveries;
}

/** By the version told of; of one version the trigger goes first. */
function inOrder(a: Delivery, b: Delivery): number {
  if (a.content.version !== b.content.version) return a.content.version - b.content.version;
  return Number(a.content.notice.action === 'resolve') - Number(b.content.notice.action === 'resolve');
}

/** How long a parked notice is worth sending after all: later than this nobody wants to be paged for it. */
const RECENTLY_PARKED = "state = 'parked' AND written_at >= now64(3) - INTERVAL 7 DAY";

/** Incidents with a notice parked within the last seven days, and the account that refused it, by channel. */
export async function parkedIncidents(store: Store): Promise<{ incident: string; channel: string; account: string }[]> {
  return store.query(
    `SELECT DISTINCT incident, channel, JSONExtractString(notice, 'account') AS account
     FROM delivery_rows FINAL WHERE ${RECENTLY_PARKED}`,
  );
}

/** Notices parked within the last seven days that no later one made good, by channel and the incident's model. */
export async function parkedByModel(store: Store): Promise<{ channel: string; model: string; parked: number }[]> {
  return store.query(
    `SELECT channel, JSONExtractString(notice, 'notice', 'incident', 'model') AS model, toUInt32(count()) AS parked
     FROM delivery_rows FINAL WHERE ${RECENTLY_PARKED} GROUP BY channel, model`,
  );
}

/** Incidents with a delivery that is still to be made. */
export async function pendingIncidents(store: Store): Promise<string[]> {
  const rows = await store.query<{ incident: string }>(
    "SELECT DISTINCT incident FROM delivery_rows FINAL WHERE state = 'pending'",
  );
  return rows.map((row) => row.incident);
}

import { incidentVersion, mergeAlerts, summarizeIncident } from '../../lib/core/alerts/incident.ts';
import type { AlertEvent } from '../../lib/core/alerts/types.ts';
import { groupCommit } from '../../lib/runtime/group-commit.ts';
import {
  type Delivery,
  deliveriesOfIncidents,
  parkedIncidents,
  pendingIncidents,
  writeDeliveries,
} from '../../lib/tables/deliveries.ts';
import { alertsOfIncidents, incidentsBehind, modelsOfIncidents, writeIncidents } from '../../lib/tables/incidents.ts';
import type { DeskDeps } from './desk-deps.ts';
import { type Changed, judge, type Verdict } from './judge.ts';
import { createLane, type Lane, type LaneDeps } from './lane.ts';

/** Events of one incident that came together, and when the oldest was published (ms). */
export interface IncidentNews {
  incident: string;
  events: readonly AlertEvent[];
  raisedAt: number | null;
}

/** What a notifier does for the models of one partition of the alerts topic: incidents, decisions, outbox, deliveries. */
export interface Desk {
  /** Resolves once the incidents and what is to be said about them are durable; sending goes on behind it. */
  handle(news: readonly IncidentNews[]): Promise<void>;
  /** Takes up what another notifier left: pending deliveries, and incidents whose events were missed. */
  recover(owns: (model: string) => Promise<boolean>): Promise<void>;
  /** Resolves when no attempt is running any more; call after aborting the signal. Idempotent. */
  close(): Promise<void>;
}

interface Case {
  alerts: AlertEvent[];
  lanes: Map<string, Lane>;
}

/** Idle cases kept in memory; any can be had again from the store. */
const MAX_CASES = 1000;
/** Incidents read, judged and written at once. */
const SLICE = 256;

export function createDesk(deps: DeskDeps): Desk {
  const cases = new Map<string, Case>();
  const record = groupCommit<Delivery>(async (changed) => {
    const write = () => writeDeliveries(deps.store, changed);
    // Once even after the signal aborted: an accepted notice that is not recorded would be sent again.
    await write().catch(() => deps.stored(write));
    if (changed.some(({ state }) => state !== 'pending')) deps.onFinal();
  });
  let tail: Promise<unknown> = Promise.resolve();

  /** One at a time: a decision must see the outbox of the one before it. */
  const inTurn = <T>(task: () => Promise<T>): Promise<T> => {
    const result = tail.then(task);
    tail = result.catch(() => undefined);
    return result;
  };
  const evaluate = async (news: readonly IncidentNews[]): Promise<void> => {
    for (let i = 0; i < news.length; i += SLICE) await evaluateSlice(news.slice(i, i + SLICE));
    forget(cases);
  };
  const evaluateSlice = async (news: readonly IncidentNews[]): Promise<void> => {
    const opened = news.map(({ incident }) => incident).filter((incident) => !cases.has(incident));
    for (const [incident, file] of await openCases(deps, opened, record)) cases.set(incident, file);
    const changed: Changed[] = [];
    for (const item of news) {
      const file = cases.get(item.incident);
      if (!file || !update(file, item.events, opened.includes(item.incident))) continue;
      changed.push({ lanes: file.lanes, incident: summarizeIncident(file.alerts), raisedAt: item.raisedAt });
    }
    await publish(deps, await judge(deps, changed));
  };
  const recover = async (owns: (model: string) => Promise<boolean>): Promise<void> => {
    const left = await deps.stored(() => incidentsLeft(deps));
    const owned: IncidentNews[] = [];
    for (const { incident, model } of left) {
      if (await owns(model)) owned.push({ incident, events: [], raisedAt: null });
    }
    await evaluate(owned);
  };
  return {
    handle: (news) => inTurn(() => evaluate(news)),
    recover: (owns) => inTurn(() => recover(owns)),
    async close() {
      await tail.catch(() => undefined);
      await Promise.all([...cases.values()].flatMap((file) => [...file.lanes.values()].map((lane) => lane.close())));
    },
  };
}

async function incidentsLeft({
  store,
  channels,
  retryParked,
}: DeskDeps): Promise<{ incident: string; model: string }[]> {
  const behind = await incidentsBehind(store);
  const accounts = new Map(channels.map(({ channel }) => [channel.name, channel.account]));
  const refused = (await parkedIncidents(store)).filter(({ channel, account }) => {
    const now = accounts.get(channel);
    return now !== undefined && (retryParked || now !== account);
  });
  const pending = await pendingIncidents(store);
  const models = await modelsOfIncidents(store, [...pending, ...refused.map(({ incident }) => incident)]);
  for (const { incident, model } of behind) models.set(incident, model);
  return [...models].map(([incident, model]) => ({ incident, model }));
}

async function openCases(
  deps: DeskDeps,
  incidents: readonly string[],
  record: LaneDeps['record'],
): Promise<[string, Case][]> {
  if (incidents.length === 0) return [];
  const [alerts, deliveries] = await deps.stored(() =>
    Promise.all([alertsOfIncidents(deps.store, incidents), deliveriesOfIncidents(deps.store, incidents)]),
  );
  return incidents.map((incident) => {
    if (deps.channels.length === 0) {
      deps.logger.warn({ incident }, `incident ${incident}: nobody is paged, no channel is configured`);
    }
    const lanes = deps.channels.map(({ channel, gate }): [string, Lane] => {
      const own = deliveries.get(incident)?.filter((delivery) => delivery.channel === channel.name) ?? [];
      return [channel.name, createLane({ ...deps, channel, gate, record }, own)];
    });
    return [incident, { alerts: alerts.get(incident) ?? [], lanes: new Map(lanes) }];
  });
}

/** Takes in the news; false where all of it was known. */
function update(file: Case, events: readonly AlertEvent[], opened: boolean): boolean {
  const alerts = mergeAlerts(file.alerts, events);
  const changed = opened || incidentVersion(alerts) !== incidentVersion(file.alerts);
  file.alerts = alerts;
  return changed && alerts.length > 0;
}

/** Incidents first, then the outbox, and only then are lanes told: a crash in between repeats, never skips. */
async function publish(deps: DeskDeps, verdicts: readonly Verdict[]): Promise<void> {
  const queued = verdicts.flatMap((verdict) => verdict.queued);
  const deliveries = queued.flatMap((item) => item.deliveries.map(({ delivery }) => delivery));
  await deps.stored(() => writeIncidents(deps.store, verdicts));
  await deps.stored(() => writeDeliveries(deps.store, deliveries));
  for (const item of queued) item.lane.enqueue(item.deliveries);
}

function forget(cases: Map<string, Case>): void {
  for (const [incident, file] of cases) {
    const idle = [...file.lanes.values()].every((lane) => lane.pending() === 0);
    const closed = file.alerts.every((alert) => alert.state === 'resolved' || alert.state === 'withdrawn');
    if (idle && (closed || cases.size > MAX_CASES)) cases.delete(incident);
  }
}

import { kcat, readPartition } from '../faults/support/kcat.ts';
import type { FaultWorld } from '../faults/support/world.ts';
import type { Page } from './pager.ts';

interface AlertEvent {
  episode: string;
  revision: number;
  state: string;
  incident: string | null;
  model: string;
}

interface AlertRow {
  episode: string;
  revision: string | number;
  state: string;
  incident: string;
}

/** The events of the alerts topic in order, as any subscriber reads them. */
export async function readAlerts(world: FaultWorld): Promise<AlertEvent[]> {
  const topic = 'driftline.alerts';
  const all: AlertEvent[] = [];
  for (const partition of await partitionsOf(world, topic)) {
    const records = await readPartition(world.bootstrap, topic, partition, 'beginning');
    all.push(...records.map(({ value }) => JSON.parse(value!.toString()) as AlertEvent));
  }
  return all;
}

/** (episode, revision) is a key: said again it says the same, and the store knows the latest one. */
export function alertProblems(events: readonly AlertEvent[], stored: readonly AlertRow[]): string[] {
  const said = new Map<string, string>();
  const latest = new Map<string, AlertEvent>();
  const problems: string[] = [];
  for (const event of events) {
    const key = `${event.episode} revision ${event.revision}`;
    const text = JSON.stringify(event);
    if (said.has(key) && said.get(key) !== text) problems.push(`alert ${key} was published in two forms`);
    said.set(key, text);
    if (event.revision > (latest.get(event.episode)?.revision ?? -1)) latest.set(event.episode, event);
  }
  for (const row of stored) {
    const event = latest.get(row.episode);
    const [has, is] = [`${event?.revision} ${event?.state}`, `${row.revision} ${row.state}`];
    if (has !== is) problems.push(`alert ${row.episode} is ${is} in the store, on the topic ${has}`);
  }
  const known = new Set(stored.map(({ episode }) => episode));
  for (const episode of latest.keys()) if (!known.has(episode)) problems.push(`alert ${episode} is not in the store`);
  return problems;
}

interface IncidentRow {
  incident: string;
  state: string;
}

const TOLD = ['firing', 'updated', 'acknowledged', 'resolved'];

/** Every firing belongs to an incident that PagerDuty was told of under its key, trigger first; closed ones end with a resolve. */
export function pageProblems(
  events: readonly AlertEvent[],
  incidents: readonly IncidentRow[],
  pages: readonly Page[],
): string[] {
  const problems: string[] = [];
  const fired = new Set<string>();
  for (const { episode, revision, state, incident } of events) {
    if (!TOLD.includes(state)) continue;
    if (incident === null || incident === '')
      problems.push(`alert ${episode} revision ${revision} is ${state} without an incident`);
    else if (state === 'firing') fired.add(incident);
  }
  const states = new Map(incidents.map(({ incident, state }) => [incident, state]));
  for (const incident of fired) if (!states.has(incident)) problems.push(`incident ${incident} is not in the store`);
  for (const [incident, state] of states) problems.push(...sequenceProblems(incident, state, pages));
  for (const { key } of pages) if (!states.has(key)) problems.push(`PagerDuty was told of an unknown incident ${key}`);
  return [...new Set(problems)];
}

function sequenceProblems(incident: string, state: string, pages: readonly Page[]): string[] {
  const own = pages.filter(({ key }) => key === incident).map(({ action }) => action);
  const sequence = own.join(' ');
  if (own.length === 0) return state === 'withdrawn' ? [] : [`incident ${incident} (${state}) was never told`];
  if (own[0] !== 'trigger') return [`incident ${incident}: ${own[0]} came first (${sequence})`];
  const closed = state === 'resolved' || state === 'withdrawn';
  if (closed && own.at(-1) !== 'resolve')
    return [`incident ${incident} is ${state} but was not resolved (${sequence})`];
  if (!closed && own.at(-1) === 'resolve') return [`incident ${incident} is ${state} but was resolved (${sequence})`];
  return [];
}

/** What the api answered 202 for is in the log and counted. */
export async function lostOfHttp(world: FaultWorld, accepted: readonly string[]): Promise<string[]> {
  const rows = await world.sql<{ prediction_id: string }>(
    "SELECT DISTINCT prediction_id FROM predictions WHERE startsWith(prediction_id, 'h-')",
  );
  const found = new Set(rows.map(({ prediction_id }) => prediction_id));
  return accepted.filter((id) => !found.has(id));
}

async function partitionsOf(world: FaultWorld, topic: string): Promise<number[]> {
  const text = (await kcat(world.bootstrap, ['-L', '-J', '-t', topic])).toString();
  const listed = JSON.parse(text) as { topics: { partitions: { partition: number }[] }[] };
  return (listed.topics[0]?.partitions ?? []).map(({ partition }) => partition);
}

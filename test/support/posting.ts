import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { type DriftlineProcess, select } from './driftline-process.ts';

const WINDOW_START = Date.UTC(2026, 0, 5);

/** What HTTP answered for events of model `m`, by id. */
export interface Answered {
  /** Told to be in the log: exactly once each. */
  accepted: Set<string>;
  /** Sent, but neither accepted nor known to be refused: at most once each. */
  unknown: Set<string>;
  /** How often the answer was 503. */
  refusals: number;
}

export function nothingAnswered(): Answered {
  return { accepted: new Set(), unknown: new Set(), refusals: 0 };
}

interface Body {
  accepted: number;
  resend?: number[];
}

/**
 * Posts batches of events with ids of their own until `until` says so or the server is gone; notes what became of each.
 * Nothing is sent twice.
 */
export async function postUntil(url: string, prefix: string, answered: Answered, until: () => boolean, size = 50) {
  for (let batch = 0; !until(); batch += 1) {
    const ids = Array.from({ length: size }, (_, index) => `${prefix}-${batch}-${index}`);
    const events = ids.map((id, index) => eventOf(id, batch * size + index));
    const response = await fetch(`${url}/v1/predictions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'driftline-arrival': 'event' },
      body: JSON.stringify(events),
    }).catch(() => null);
    const body = response === null ? null : ((await response.json().catch(() => null)) as Body | null);
    if (response === null || body === null) {
      for (const id of ids) answered.unknown.add(id);
      return;
    }
    note(answered, ids, response, body);
    if (response.status === 503) await sleep(100);
  }
}

function eventOf(id: string, serial: number): object {
  return {
    prediction_id: id,
    model: 'm',
    timestamp: WINDOW_START + (serial % 7200) * 1000,
    features: { x: serial % 50, color: serial % 2 === 0 ? 'red' : 'blue' },
  };
}

function note(answered: Answered, ids: readonly string[], response: Response, body: Body): void {
  assert.ok([202, 503].includes(response.status), `answered ${response.status}`);
  const resend = new Set(response.status === 202 ? [] : body.resend);
  if (response.status === 503) {
    assert.match(response.headers.get('retry-after') ?? '', /^\d+$/);
    answered.refusals += 1;
  }
  assert.equal(body.accepted, ids.length - resend.size);
  for (const [index, id] of ids.entries()) (resend.has(index) ? answered.unknown : answered.accepted).add(id);
}

/** Waits until nothing more comes, then compares what the store has of model `m` with what was answered. */
export async function checkCounted(sqlUrl: string, { accepted, unknown }: Answered): Promise<void> {
  await untilStill(sqlUrl, accepted.size);
  const stored = await select<{ prediction_id: string; copies: number }>(
    sqlUrl,
    "SELECT prediction_id, count() AS copies FROM predictions WHERE model = 'm' GROUP BY prediction_id",
  );
  const ids = new Set(stored.map((row) => row.prediction_id));
  assert.deepEqual(
    [...accepted].filter((id) => !ids.has(id)),
    [],
    'accepted, but not in the prediction log',
  );
  assert.deepEqual(
    stored.filter((row) => Number(row.copies) !== 1),
    [],
    'stored more than once',
  );
  assert.deepEqual(
    [...ids].filter((id) => !accepted.has(id) && !unknown.has(id)),
    [],
    'stored, but never sent',
  );
  const [counted] = await select<{ events: number }>(
    sqlUrl,
    "SELECT toFloat64(sum(events)) AS events FROM operations WHERE model = 'm'",
  );
  assert.equal(counted?.events, ids.size, 'events in windows and in the prediction log differ');
  const [features] = await select<{ x: number; color: number }>(
    sqlUrl,
    "SELECT toFloat64(sumIf(count, feature = 'x')) AS x, toFloat64(sumIf(count, feature = 'color')) AS color FROM feature_stats WHERE model = 'm' AND segment = ''",
  );
  assert.deepEqual(features, { x: ids.size, color: ids.size });
}

/** Waits until what is stored covers what was accepted and has stopped rising. */
async function untilStill(sqlUrl: string, atLeast: number): Promise<void> {
  let previous = -1;
  for (let tries = 0; tries < 200; tries += 1) {
    const [row] = await select<{ n: number; events: number }>(
      sqlUrl,
      "SELECT (SELECT toFloat64(count()) FROM predictions WHERE model = 'm') AS n, (SELECT toFloat64(sum(events)) FROM operations WHERE model = 'm') AS events",
    );
    if (row !== undefined && row.n >= atLeast && row.n === row.events && row.n === previous) return;
    previous = row?.n ?? -1;
    await sleep(500);
  }
  assert.fail(`not caught up: ${previous} predictions stored of ${atLeast} accepted`);
}

/** Whether the process still runs. */
export const isGone = ({ child }: DriftlineProcess): boolean => child.exitCode !== null || child.signalCode !== null;

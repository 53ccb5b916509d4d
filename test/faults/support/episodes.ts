import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import type { AlertEvent } from '../../../lib/core/alerts/types.ts';
import { eventually } from '../../support/eventually.ts';
import { readPartition } from './kcat.ts';
import { type FaultWorld, openFaultWorld, type WorldOptions } from './world.ts';

const MINUTE = 60_000;
/** A day ago, at a full minute. */
const START = Math.floor((Date.now() - 86_400_000) / MINUTE) * MINUTE;
const EVENTS = 60;
const HEADER = { arrival: 'driftline-arrival', progress: 'driftline-progress' };

/** Models by name: one letter a window, `D` drifts and `.` does not. */
export type Patterns = Readonly<Record<string, string>>;

/** A world whose models are tested window by window: one breached window fires, one clear window resolves. */
export function openEpisodeWorld(patterns: Patterns, options: WorldOptions): Promise<FaultWorld> {
  const names = Object.keys(patterns);
  const reference = Array.from({ length: 2_000 }, (_, i) => quiet(i));
  return openFaultWorld({
    partitions: 2,
    models: names.map((name) => `- {name: ${name}, window: 1m, reference: {name: base, file: reference.csv}}`),
    files: { 'reference.csv': `amount\n${reference.join('\n')}\n` },
    lines: [
      'monitors:',
      ...names.map(
        (name) =>
          `  - {name: drift-${name}, model: ${name}, target: [amount], metrics: [psi], threshold: {psi: 0.5}, min_samples: 20, persistence: 1}`,
      ),
    ],
    // An empty partition that was confirmed idle would have passed the present, and all that is replayed then be late.
    aggregation: 'flush_interval: 200ms, idle_after: 10m, allowed_delay: 1s',
    ...options,
  });
}

/** Windows of the patterns: [first, end). */
export interface Range {
  first: number;
  end: number;
}

/**
 * Sends window after window to every partition, as a replay does: records say themselves when they arrived. Then the last
 * one is passed, too.
 */
export async function sendWindows(world: FaultWorld, patterns: Patterns, range: Range, pauseMs = 0): Promise<void> {
  for (let window = range.first; window < range.end; window++) {
    const end = START + (window + 1) * MINUTE;
    for (const partition of world.all) {
      const lines = Object.entries(patterns).flatMap(([model, pattern]) =>
        Array.from({ length: EVENTS }, (_, i) => event(model, window, partition, i, pattern[window] === 'D')),
      );
      await world.feeder.sendLines(lines, { partition, headers: { [HEADER.arrival]: String(end) } });
    }
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
  const passed = String(START + range.end * MINUTE + 2_000);
  for (const partition of world.all) {
    await world.feeder.sendLines(['{}'], { partition, headers: { [HEADER.arrival]: passed, [HEADER.progress]: '1' } });
  }
}

/** How often a pattern begins to drift. */
export function episodesOf(pattern: string): number {
  return [...pattern.matchAll(/D+/g)].length;
}

/** Waits until every episode of the patterns has ended, by the view `alerts`. */
export async function untilOver(world: FaultWorld, patterns: Patterns, timeoutMs: number): Promise<void> {
  const expected = Object.values(patterns).reduce((sum, pattern) => sum + episodesOf(pattern), 0);
  await eventually(
    `${expected} episodes resolved`,
    async () => {
      const [row] = await world.sql<{ n: number }>("SELECT toUInt32(countIf(state = 'resolved')) AS n FROM alerts");
      return row!.n >= expected;
    },
    timeoutMs,
  );
}

/**
 * What a subscriber of the alerts topic makes of it: every revision of every episode is there, in order, and repetitions
 * say the same. Returns the episodes, each as its revisions.
 */
export async function subscribe(world: FaultWorld): Promise<Map<string, AlertEvent[]>> {
  const episodes = new Map<string, AlertEvent[]>();
  for (const partition of world.all) {
    for (const { value } of await readPartition(world.bootstrap, 'driftline.alerts', partition, 'beginning')) {
      const event = JSON.parse(value!.toString()) as AlertEvent;
      const revisions = episodes.get(event.episode) ?? [];
      const known = revisions.find(({ revision }) => revision === event.revision);
      if (known !== undefined) {
        assert.ok(isDeepStrictEqual(known, event), `${event.episode} ${event.revision} was told in two ways`);
        continue;
      }
      assert.equal(event.revision, revisions.length + 1, `${event.episode}: a revision is missing before this one`);
      episodes.set(event.episode, [...revisions, event]);
    }
  }
  return episodes;
}

/** Every window is sealed once, every episode is told whole, none is there that did not happen. */
export async function checkEpisodes(world: FaultWorld, patterns: Patterns): Promise<void> {
  const told = await subscribe(world);
  for (const [model, pattern] of Object.entries(patterns)) {
    const own = [...told.values()].filter(([first]) => first!.model === model);
    assert.deepEqual(
      own.map((revisions) => revisions.map(({ state }) => state)),
      own.map(() => ['firing', 'resolved']),
      `episodes of ${model}`,
    );
    assert.equal(own.length, episodesOf(pattern), `episodes of ${model}`);
    const starts = own.map(([first]) => (first!.since - START) / MINUTE).sort((a, b) => a - b);
    const expected = [...pattern.matchAll(/D+/g)].map(({ index }) => index);
    assert.deepEqual(starts, expected, `when the episodes of ${model} began`);
  }
  const sealed = await world.sql<{ model: string; windows: number; changed: number; events: number }>(
    `SELECT model, toUInt32(count()) AS windows, toUInt32(countIf(state != 'complete' OR revision != 0)) AS changed,
       toUInt32(sum(events)) AS events FROM operations GROUP BY model ORDER BY model`,
  );
  const expected = Object.entries(patterns).sort(([a], [b]) => (a < b ? -1 : 1));
  assert.deepEqual(
    sealed,
    expected.map(([model, pattern]) => ({
      model,
      windows: pattern.length,
      changed: 0,
      events: pattern.length * EVENTS * world.partitions,
    })),
  );
}

/** Evenly over [500, 700), in an order that makes every run of events look alike. */
function quiet(i: number): number {
  return 500 + ((i * 0.618_033_988_75) % 1) * 200;
}

function event(model: string, window: number, partition: number, i: number, drifts: boolean): string {
  return JSON.stringify({
    prediction_id: `${model}-${window}-${partition}-${i}`,
    model,
    version: '1',
    timestamp: START + window * MINUTE + i * 1_000,
    features: { amount: quiet(i) + (drifts ? 400 : 0) },
  });
}

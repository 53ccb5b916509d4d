import { Random } from '../faults/support/random.ts';

/** Everything that a soak does to the parts. Durations are `forMs`; what else it needs follows from `pick` (0 to 1). */
export const FAULT_KINDS = [
  'kill',
  'freeze',
  'restart',
  'join',
  'broker-kill',
  'broker-freeze',
  'store-kill',
  'store-freeze',
  'store-down',
  'store-503',
  'store-drop-replies',
  'store-exceptions',
  'store-slow',
  'pagerduty',
  'config',
  'late',
  'poison',
  'cardinality',
  'delete-records',
  'add-partitions',
] as const;

export type FaultKind = (typeof FAULT_KINDS)[number];

export interface Fault {
  /** After the start, ms. */
  at: number;
  kind: FaultKind;
  /** How long it lasts; 0: an instant. */
  forMs: number;
  /** Of members: `aggregator 0`. Empty where the kind says it all. */
  target: string;
  /** Uniform in 0 to 1, for what the fault has to choose when it happens. */
  pick: number;
}

export interface Drift {
  from: number;
  to: number;
}

export interface Schedule {
  seed: number;
  durationMs: number;
  faults: Fault[];
  /** When the stream's values are shifted, ms after the start. */
  drifts: Drift[];
}

export interface ScheduleOptions {
  seed: number;
  durationMs: number;
  /** How long the store is away once; 0: never. */
  storeDownMs: number;
}

/** How often each kind is drawn, beside the others. Those not named come at fixed times. */
const WEIGHTS: Partial<Record<FaultKind, number>> = {
  kill: 8,
  freeze: 5,
  restart: 4,
  join: 4,
  'broker-kill': 1.5,
  'broker-freeze': 2,
  'store-kill': 1.5,
  'store-freeze': 2,
  'store-503': 2,
  'store-drop-replies': 3,
  'store-exceptions': 3,
  'store-slow': 2,
  pagerduty: 4,
  config: 1.5,
  late: 3,
  poison: 2,
  cardinality: 1,
  'delete-records': 1.5,
};
const SECOND = 1_000;
/** Shortest and longest of a kind, ms. A frozen member outlives its session half of the time. */
const LASTS: Partial<Record<FaultKind, readonly [number, number]>> = {
  kill: [0, 4 * SECOND],
  freeze: [500, 8 * SECOND],
  join: [3 * SECOND, 15 * SECOND],
  'broker-kill': [500, 5 * SECOND],
  'broker-freeze': [SECOND, 8 * SECOND],
  'store-kill': [500, 4 * SECOND],
  'store-freeze': [SECOND, 6 * SECOND],
  'store-503': [SECOND, 6 * SECOND],
  'store-drop-replies': [SECOND, 5 * SECOND],
  'store-exceptions': [SECOND, 5 * SECOND],
  'store-slow': [2 * SECOND, 8 * SECOND],
  pagerduty: [2 * SECOND, 15 * SECOND],
};
const MEMBERS = ['aggregator 0', 'aggregator 1', 'detector 0', 'detector 1', 'notifier 0', 'notifier 1', 'api 0'];
/** The second detector and notifier live from start to end: memory that grows shows in long lives only. */
const MORTAL = ['aggregator 0', 'aggregator 1', 'detector 0', 'notifier 0', 'api 0'];
const GAPS = [SECOND, 6 * SECOND] as const;
const FIRST_AT = 5 * SECOND;
const DRIFT_MS = [30 * SECOND, 45 * SECOND] as const;
const CALM_MS = [40 * SECOND, 70 * SECOND] as const;

/** What happens when, from the seed alone: the same seed and durations give the same schedule. */
export function makeSchedule({ seed, durationMs, storeDownMs }: ScheduleOptions): Schedule {
  const random = new Random(seed);
  const faults: Fault[] = [];
  for (let at = FIRST_AT; at < durationMs; at += random.between(...GAPS)) {
    const kind = pickKind(random);
    const [least, most] = LASTS[kind] ?? [0, 0];
    const forMs = random.between(least, most);
    faults.push({ at, kind, forMs, target: pickTarget(kind, random), pick: random.next() });
  }
  faults.push({ at: Math.floor(durationMs * 0.6), kind: 'add-partitions', forMs: 0, target: '', pick: 0 });
  if (storeDownMs > 0) {
    faults.push({ at: Math.floor(durationMs * 0.4), kind: 'store-down', forMs: storeDownMs, target: '', pick: 0 });
  }
  faults.sort((a, b) => a.at - b.at);
  return { seed, durationMs, faults, drifts: makeDrifts(random, durationMs) };
}

function pickKind(random: Random): FaultKind {
  const entries = Object.entries(WEIGHTS) as [FaultKind, number][];
  let left = random.next() * entries.reduce((sum, [, weight]) => sum + weight, 0);
  for (const [kind, weight] of entries) {
    left -= weight;
    if (left < 0) return kind;
  }
  return 'kill';
}

function pickTarget(kind: FaultKind, random: Random): string {
  if (kind === 'freeze') return random.pick(MEMBERS);
  return kind === 'kill' || kind === 'restart' ? random.pick(MORTAL) : '';
}

function makeDrifts(random: Random, durationMs: number): Drift[] {
  const drifts: Drift[] = [];
  for (let at = 15 * SECOND; at < durationMs; ) {
    const to = Math.min(durationMs, at + random.between(...DRIFT_MS));
    drifts.push({ from: at, to });
    at = to + random.between(...CALM_MS);
  }
  return drifts;
}

import type { AlertEvent, AlertMember, Severity } from './types.ts';

/** What one alert is about. Features are its members, not part of its identity. */
export interface AlertIdentity {
  monitor: string;
  model: string;
  version: string;
  role: string;
  /** '' or NAME=VALUE */
  segment: string;
}

export interface AlertPolicy {
  /** Consecutive breached windows before an alert fires, and consecutive clear ones before it resolves; ≥ 1. */
  persistence: number;
  severity: Severity;
}

/** The numbers behind a breach. */
export type Evidence = Omit<AlertMember, 'feature' | 'since' | 'windowStart' | 'windowEnd' | 'explanation'>;

/** What one window says about one feature. A window without enough data neither breaches nor clears. */
export type FeatureVerdict =
  | { feature: string; outcome: 'breached'; evidence: Evidence }
  | { feature: string; outcome: 'clear' }
  | { feature: string; outcome: 'not-enough-data' };

/** What one window says about one alert identity. */
export interface WindowVerdict {
  start: number;
  end: number;
  features: readonly FeatureVerdict[];
}

/** The current run of one feature; windows without enough data neither extend nor break it. */
export interface FeatureRun {
  /** Consecutive breached windows up to the last one with enough data; 0 when that one was clear. */
  breached: number;
  /** Consecutive clear windows up to the last one with enough data; 0 when that one was breached. */
  clear: number;
  /** The latest breached window as a member (its `since` is the start of the run it belongs to); null: never breached. */
  latest: AlertMember | null;
}

/** All that an alert's next decision depends on. */
export interface AlertTrack {
  runs: ReadonlyMap<string, FeatureRun>;
  /** Last event of the identity's last episode, open or ended; null: there was none. */
  last: AlertEvent | null;
  /** `asOf` of that episode's first event, ms: the end of the window in which it began to be told. */
  opened: number;
}

/** The outcome of a decision: an event to publish or none, and why. New members have an empty explanation. */
export interface Decision {
  event: AlertEvent | null;
  reason: string;
}

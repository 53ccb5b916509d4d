import { EMPTY_TRACK, stepAlert } from '../../../../lib/core/alerts/episode.ts';
import type {
  AlertIdentity,
  AlertPolicy,
  AlertTrack,
  Decision,
  Evidence,
  FeatureVerdict,
  WindowVerdict,
} from '../../../../lib/core/alerts/episode-types.ts';
import type { AlertEvent } from '../../../../lib/core/alerts/types.ts';

export const IDENTITY: AlertIdentity = { monitor: 'drift', model: 'm', version: '1', role: 'champion', segment: '' };
export const HOUR = 3_600_000;

export const EVIDENCE: Evidence = {
  metric: 'psi',
  definition: 'psi/quantile10@1',
  score: 0.5,
  effect: 0.5,
  threshold: 0.1,
  pValue: 0,
  baseline: 'ref',
  nCurrent: 1_000,
  nBaseline: 1_000,
};

export function policy(persistence: number): AlertPolicy {
  return { persistence, severity: 'error' };
}

/**
 * One window from marks, one feature each: `a!` breached, `a` clear, `a?` not enough data; such as `window(3, 'a! b')`.
 */
export function window(index: number, marks: string): WindowVerdict {
  const features = marks.split(' ').filter((mark) => mark !== '');
  return { start: index * HOUR, end: (index + 1) * HOUR, features: features.map(featureOf) };
}

function featureOf(mark: string): FeatureVerdict {
  if (mark.endsWith('!')) return { feature: mark.slice(0, -1), outcome: 'breached', evidence: EVIDENCE };
  if (mark.endsWith('?')) return { feature: mark.slice(0, -1), outcome: 'not-enough-data' };
  return { feature: mark, outcome: 'clear' };
}

/** A timeline: windows `at` an hour, and what is expected of the alert between. */
export class Timeline {
  track: AlertTrack = EMPTY_TRACK;
  readonly events: AlertEvent[] = [];
  readonly windows: WindowVerdict[] = [];
  private readonly policy: AlertPolicy;

  constructor(persistence: number) {
    this.policy = policy(persistence);
  }

  /** Judges the window of this hour. */
  at(hour: number, marks: string): Decision {
    const verdict = window(hour, marks);
    this.windows.push(verdict);
    const { track, event, reason } = stepAlert(IDENTITY, this.policy, this.track, verdict);
    this.track = track;
    if (event !== null) this.events.push(event);
    return { event, reason };
  }

  /** Everything said so far, such as `pending:a firing:a,b`. */
  said(): string {
    return this.events.map(describe).join(' ');
  }
}

export function describe(event: AlertEvent): string {
  return `${event.state}:${event.members.map((member) => member.feature).join(',')}`;
}

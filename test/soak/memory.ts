import type { Member } from '../faults/support/member.ts';

interface Sample {
  at: number;
  bytes: number;
}

export interface MemoryLimits {
  /** Of any process at any time. */
  capBytes: number;
  /** What a process may grow by in the long run, bytes a minute. */
  slopeBytes: number;
}

const MB = 1024 * 1024;
const EVERY_MS = 1_000;
const MINUTE = 60_000;
/** Caches fill and code is compiled in the first minute. */
const WARM_UP_MS = MINUTE;
/** The heap is a saw with teeth of minutes: a slope over less than this says nothing. */
const LEAST_SPAN_MS = 5 * MINUTE;
/** Samples told of a process that grows: one a quarter of a minute. */
const TOLD_EVERY = 15;

/** Watches the resident memory of members, by process: a restarted one begins anew. */
export class MemoryWatch {
  readonly #members: () => Iterable<Member>;
  readonly #lives = new Map<string, Sample[]>();
  readonly #timer: NodeJS.Timeout;

  constructor(members: () => Iterable<Member>) {
    this.#members = members;
    this.#timer = setInterval(() => this.#sample(), EVERY_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** What is beyond the limits. */
  problems({ capBytes, slopeBytes }: MemoryLimits): string[] {
    return [...this.#lives].flatMap(([life, samples]) => {
      const peak = Math.max(...samples.map(({ bytes }) => bytes));
      const slope = slopeOf(samples);
      return [
        ...(peak > capBytes ? [`${life}: ${mb(peak)} MB resident, more than ${mb(capBytes)}`] : []),
        ...(slope !== null && slope > slopeBytes
          ? [`${life}: grows by ${mb(slope)} MB a minute (${course(samples)})`]
          : []),
      ];
    });
  }

  /** One line for each process that lived long enough to tell. */
  report(): string[] {
    return [...this.#lives].map(([life, samples]) => {
      const slope = slopeOf(samples);
      const peak = Math.max(...samples.map(({ bytes }) => bytes));
      const grows = slope === null ? 'too short for a slope' : `${mb(slope)} MB a minute`;
      return `${life}: peak ${mb(peak)} MB, ${grows} (${samples.length} samples)`;
    });
  }

  #sample(): void {
    for (const member of this.#members()) {
      if (!member.running) continue;
      const life = `${member.name} pid ${member.pid}`;
      const samples = this.#lives.get(life) ?? [];
      this.#lives.set(life, samples);
      try {
        const { now } = member.rss();
        if (Number.isFinite(now)) samples.push({ at: Date.now(), bytes: now });
      } catch {
        // It has ended since.
      }
    }
  }
}

/** Bytes a minute by least squares after the warm-up; null where there is too little of it. */
export function slopeOf(samples: readonly Sample[]): number | null {
  const warm = samples.filter(({ at }) => at - samples[0]!.at >= WARM_UP_MS);
  if (warm.length < 2 || warm.at(-1)!.at - warm[0]!.at < LEAST_SPAN_MS) return null;
  const meanAt = warm.reduce((sum, { at }) => sum + at, 0) / warm.length;
  const meanBytes = warm.reduce((sum, { bytes }) => sum + bytes, 0) / warm.length;
  const covariance = warm.reduce((sum, { at, bytes }) => sum + (at - meanAt) * (bytes - meanBytes), 0);
  const variance = warm.reduce((sum, { at }) => sum + (at - meanAt) ** 2, 0);
  return (covariance / variance) * MINUTE;
}

const course = (samples: readonly Sample[]): string =>
  samples
    .filter((_, index) => index % TOLD_EVERY === 0)
    .map(({ bytes }) => mb(bytes))
    .join(' ');

const mb = (bytes: number): string => (bytes / MB).toFixed(1);

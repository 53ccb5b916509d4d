import type { Member } from '../faults/support/member.ts';

interface Sample {
  at: number;
  bytes: number;
}

export interface MemoryLimits {
  /** Of any process at any time. */
  capBytes: number;
  /** By how much the most of the second half of a life may exceed the most of the first, bytes. */
  growthBytes: number;
}

const MB = 1024 * 1024;
const EVERY_MS = 1_000;
const MINUTE = 60_000;
/** Caches fill and code is compiled in the first minute. */
const WARM_UP_MS = MINUTE;
/** The heap is a saw with teeth of minutes: halves of less than this say nothing. */
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
  problems({ capBytes, growthBytes }: MemoryLimits): string[] {
    return [...this.#lives].flatMap(([life, samples]) => {
      const peak = Math.max(...samples.map(({ bytes }) => bytes));
      const growth = growthOf(samples);
      return [
        ...(peak > capBytes ? [`${life}: ${mb(peak)} MB resident, more than ${mb(capBytes)}`] : []),
        ...(growth !== null && growth > growthBytes
          ? [`${life}: its second half takes ${mb(growth)} MB more than its first (${course(samples)})`]
          : []),
      ];
    });
  }

  /** One line for each process that lived long enough to tell. */
  report(): string[] {
    return [...this.#lives].map(([life, samples]) => {
      const growth = growthOf(samples);
      const peak = Math.max(...samples.map(({ bytes }) => bytes));
      const grows = growth === null ? 'too short for halves' : `${mb(growth)} MB more in its second half`;
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

/**
 * By how much the most of the second half exceeds the most of the first, after the warm-up; null where there is too little of
 * it. A slope would follow the work instead: a detector takes the models of another that dies, and gives them back.
 */
export function growthOf(samples: readonly Sample[]): number | null {
  const warm = samples.filter(({ at }) => at - samples[0]!.at >= WARM_UP_MS);
  if (warm.length < 2 || warm.at(-1)!.at - warm[0]!.at < LEAST_SPAN_MS) return null;
  const middle = (warm[0]!.at + warm.at(-1)!.at) / 2;
  const most = (half: readonly Sample[]): number => Math.max(...half.map(({ bytes }) => bytes));
  return most(warm.filter(({ at }) => at >= middle)) - most(warm.filter(({ at }) => at < middle));
}

const course = (samples: readonly Sample[]): string =>
  samples
    .filter((_, index) => index % TOLD_EVERY === 0)
    .map(({ bytes }) => mb(bytes))
    .join(' ');

const mb = (bytes: number): string => (bytes / MB).toFixed(1);

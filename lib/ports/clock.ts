/** Wall clock, injected so that tests move it. Never used to judge lateness or window membership (see design: Time). */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
}

export const systemClock: Clock = { now: () => Date.now() };

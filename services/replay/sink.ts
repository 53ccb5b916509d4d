import type { TimedRecord } from './merge.ts';

/** Where a replay goes. Records of one call are durable when it resolves. */
export interface ReplaySink {
  append(records: readonly TimedRecord[]): Promise<void>;
  /** The stream has ended and its time is `arrival` (ms): completes the windows that end before it. */
  close(arrival: number): Promise<void>;
}

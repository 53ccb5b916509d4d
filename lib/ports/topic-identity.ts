import type { Assignment, TopicDescription } from './log.ts';

/** What tells a log from an earlier one under the same name, for log clients that cannot see it themselves. */
export interface TopicIdentity {
  /** null where the topic does not exist. Rejects when no broker answers. */
  describe(topic: string): Promise<TopicDescription | null>;
  /** As Log.epochEnd. */
  epochEnd(partition: Assignment, leaderEpoch: number): Promise<number | null>;
  close(): Promise<void>;
}

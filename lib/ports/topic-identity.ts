import type { TopicDescription } from './log.ts';

/** What tells a topic from an earlier one of the same name, for log clients that cannot see it themselves. */
export interface TopicIdentity {
  /** null where the topic does not exist. Rejects when no broker answers. */
  describe(topic: string): Promise<TopicDescription | null>;
  close(): Promise<void>;
}

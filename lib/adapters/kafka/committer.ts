import type { EachBatchPayload, Consumer as KafkaConsumer } from 'kafkajs';
import { type Assignment, StaleAssignmentError } from '../../ports/log.ts';
import { isStale, passes } from './errors.ts';

const RETRY_DELAYS_MS = [200, 500, 1000, 2000];

type CommitOffsets = EachBatchPayload['commitOffsetsIfNecessary'];

/** Commits offsets for partitions that are still ours, and for no others. */
export class Committer {
  /**
   * What kafkajs hands to eachBatch. Its public commitOffsets retries under a later generation, in which the partition
   * may be another's; this one does not, so it is used as soon as there is one.
   */
  direct: CommitOffsets | null = null;
  private readonly kafka: KafkaConsumer;
  private readonly group: string;
  private readonly owns: (assignment: Assignment) => boolean;

  constructor(kafka: KafkaConsumer, group: string, owns: (assignment: Assignment) => boolean) {
    this.kafka = kafka;
    this.group = group;
    this.owns = owns;
  }

  /** Tries for a few seconds while the coordinator is away. Rejects with StaleAssignmentError once the partition is lost. */
  async commit(assignment: Assignment, offset: number): Promise<void> {
    for (let attempt = 0; ; attempt += 1) {
      if (!this.owns(assignment)) throw this.stale(assignment);
      try {
        // Nothing is awaited between the check and this call: kafkajs commits under the generation of the moment.
        await this.send(assignment, String(offset));
        return;
      } catch (error) {
        if (isStale(error)) throw this.stale(assignment, error);
        const delay = RETRY_DELAYS_MS[attempt];
        if (delay === undefined || !passes(error)) throw error;
        await new Promise((resolve) => setTimeout(resolve, delay));
      }
    }
  }

  private async send({ topic, partition }: Assignment, offset: string): Promise<void> {
    if (this.direct === null) await this.kafka.commitOffsets([{ topic, partition, offset }]);
    else await this.direct({ topics: [{ topic, partitions: [{ partition, offset }] }] });
  }

  private stale({ topic, partition }: Assignment, cause?: unknown): StaleAssignmentError {
    return new StaleAssignmentError(`group ${this.group}: ${topic}/${partition} is not this consumer's any more`, {
      cause,
    });
  }
}

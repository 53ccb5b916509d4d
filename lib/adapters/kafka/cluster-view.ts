import type { Assignment, PartitionOffsets } from '../../ports/log.ts';

/** What a consumer asks of the cluster besides reading. All reject while no broker answers. */
export interface ClusterView {
  incarnation(topic: string): Promise<string>;
  committed(group: string, assignment: Assignment): Promise<number | null>;
  offsets(topic: string): Promise<PartitionOffsets[]>;
  epochEnd(partition: Assignment, leaderEpoch: number): Promise<number | null>;
}

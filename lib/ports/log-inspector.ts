import type { Assignment } from './log.ts';

/**
 * What `driftline doctor` asks of a log beyond the log port. Everything only reads: no group is joined, nothing is
 * created, changed or committed. Implementation: adapters/kafka.
 */
export interface ClusterFacts {
  id: string;
  nodes: readonly { id: number; address: string }[];
  /** Node id of the active controller; null while there is none. */
  controller: number | null;
}

export interface PartitionFacts {
  partition: number;
  /** Node id; -1 while nobody leads it. */
  leader: number;
  replicas: readonly number[];
  inSync: readonly number[];
  /** First offset still in the log, and the one the next record will get; null where nobody leads the partition. */
  beginning: number | null;
  end: number | null;
}

export interface TopicFacts {
  name: string;
  incarnation: string;
  partitions: readonly PartitionFacts[];
  /** Effective settings by Kafka's names (`retention.ms` …), brokers' defaults included. */
  settings: Readonly<Record<string, string>>;
}

export interface GroupFacts {
  group: string;
  /** Kafka's name of the group's state: Stable, Empty, Dead (does not exist), PreparingRebalance … */
  state: string;
  members: number;
  /** Committed offset by topic and partition; absent where none is. */
  committed: ReadonlyMap<string, ReadonlyMap<number, number>>;
}

export interface LogInspector {
  /** Rejects when no broker answers. */
  cluster(): Promise<ClusterFacts>;
  /** null where the topic does not exist. */
  topic(name: string): Promise<TopicFacts | null>;
  /** Asked before the topics that it is compared with, as both move on. */
  group(name: string): Promise<GroupFacts>;
  /** By partition, the first offset whose record is stamped at or after `timestamp` (ms); the end where there is none. */
  offsetsAt(topic: string, timestamp: number): Promise<ReadonlyMap<number, number>>;
  /** As Log.epochEnd. */
  epochEnd(partition: Assignment, leaderEpoch: number): Promise<number | null>;
  close(): Promise<void>;
}

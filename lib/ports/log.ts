/**
 * The log port: the little of Kafka that Driftline needs. Implementations: adapters/kafka (Apache Kafka through kafkajs)
 * and adapters/embedded-log (one process, LMDB). Both pass test/conformance/log.
 */
export interface LogRecord {
  /** Position in the partition. Offsets are safe integers (< 2^53) and may have gaps. */
  offset: number;
  /** The record's own timestamp, ms. */
  timestamp: number;
  key: Buffer | null;
  value: Buffer | null;
  /** Header names are case-sensitive; a repeated header keeps its last value. */
  headers: Readonly<Record<string, Buffer>>;
  /** There is more of it than the log's client takes: key and value are absent or only their beginning. */
  tooLarge?: { limit: string; message: string };
}

export interface NewRecord {
  key: string | Buffer | null;
  value: Buffer | string | null;
  headers?: Readonly<Record<string, string>>;
  /** ms; the log stamps the current time when absent. */
  timestamp?: number;
  /** Chosen partition; absent: murmur2 of the key, as Kafka's default partitioner does (round robin without a key). */
  partition?: number;
}

export interface TopicSpec {
  name: string;
  partitions: number;
  /** Kafka topic configuration, such as `retention.ms`. */
  config?: Readonly<Record<string, string>>;
}

export interface TopicDescription {
  name: string;
  partitions: number;
  /** Identity of this incarnation of the topic: changes when the topic is deleted and created again. */
  incarnation: string;
}

/** What the log says of a topic beside its partitions. */
export interface TopicSettings {
  /** Copies of each partition; the least of them where partitions differ. */
  replication: number;
  /**
   * Effective configuration by Kafka's names, defaults of the brokers included: `retention.ms`, `retention.bytes`,
   * `cleanup.policy`, `max.message.bytes`, `min.insync.replicas`, `message.timestamp.type` are always there.
   */
  config: Readonly<Record<string, string>>;
}

export interface PartitionOffsets {
  partition: number;
  /** First offset still in the log. */
  beginning: number;
  /** The offset the next record will get. */
  end: number;
}

export interface Assignment {
  topic: string;
  partition: number;
}

/**
 * Where to begin reading a newly assigned partition. `{ halt }` keeps the partition assigned but unread and makes the
 * consumer unhealthy with that reason: a gap is never skipped silently.
 */
export type StartPosition = { offset: number } | { halt: string };

export interface Batch extends Assignment {
  /** At least one record, in offset order; all at or after the consumer's position. */
  records: readonly LogRecord[];
  /** The position after this batch (≥ last record's offset + 1: control records may follow). */
  nextOffset: number;
  /** End of the partition when the batch was fetched. */
  endOffset: number;
  /** The leader epoch its last record was written under; absent where the log has none. See Log.epochEnd. */
  leaderEpoch?: number;
}

/** The log lost records that were read already (Kafka: an unclean leader election). */
export interface Truncation {
  /** What had been read from this offset on is not in the log any more; others may stand there now. */
  offset: number;
  /** The position reading had reached. */
  position: number;
}

/** How far a partition was read where there was no record to hand over. */
export type Position = Omit<Batch, 'records' | 'leaderEpoch'>;

/**
 * What a consumer calls. Calls for one partition never overlap, and no call for a partition follows its `onRevoked`.
 * `onBatch` must return within about a second of work per call (adapters cut batches); a slow store is answered by
 * awaiting inside `onBatch`, which the adapter turns into a pause with heartbeats going on. A PartitionHaltError thrown by
 * `onBatch` or `onPosition` halts that partition, as `{ halt }` from `onAssigned` does: the others go on. Any other throw
 * from any handler stops the consumer and surfaces through `Consumer.failed`.
 */
export interface ConsumerHandlers {
  /**
   * Called once for every partition gained, before its first batch; the group's generation rises with each rebalance.
   * Where it rejects with a LogUnavailableError, `onRevoked` follows, and later `onAssigned` again; any other error ends
   * the consumer.
   */
  onAssigned(partition: Assignment, generation: number, committed: number | null): Promise<StartPosition>;
  /**
   * Called once for every partition lost (rebalance or close). Work in flight for it has finished. Commits made here still
   * count where the log allows. With `truncation` the records in memory are void: nothing of them may become durable any
   * more; `onAssigned` follows.
   */
  onRevoked(partition: Assignment, truncation?: Truncation): Promise<void>;
  onBatch(batch: Batch): Promise<void>;
  /**
   * The position moved on without a record (transaction markers, aborted records): nothing below `nextOffset` is left to
   * read. Same rules as `onBatch`, with which it never overlaps.
   */
  onPosition?(position: Position): Promise<void>;
  /** The log's client halted a partition by itself (records that cannot be read, a position outside the log): for people. */
  onHalted?(partition: Assignment, reason: string): void;
}

export interface ConsumerOptions {
  group: string;
  topics: readonly string[];
  handlers: ConsumerHandlers;
}

export interface Consumer {
  /** Commit `offset` as the next one to read. Refused (rejects with StaleAssignmentError) once the partition was revoked or the generation moved on. */
  commit(partition: Assignment, offset: number): Promise<void>;
  assignments(): readonly Assignment[];
  /** Rejects when the consumer has stopped by itself; never resolves otherwise until `close`. */
  readonly failed: Promise<never>;
  /** True once the first assignment arrived (possibly of no partition). */
  joined(): boolean;
  /**
   * Whether nobody else can have what is assigned here: false from when the group may have given it away (no sign of life
   * got through for a session, as after a pause of the whole process) until the group has been heard of again.
   */
  certain(): boolean;
  /** Why the consumer cannot make progress now, or null. */
  unhealthy(): string | null;
  /** Leaves the group after the running handlers end. Idempotent. */
  close(): Promise<void>;
}

/**
 * Called for a record of an `append` (by its place in the call) as soon as its own fate is known: undefined once it is
 * durable, otherwise why it is not known to be. Of several calls for a record the last counts. A rejected `append` without
 * such a call for a record has not put it into the log.
 */
export type Settled = (index: number, error: unknown) => void;

export interface Log {
  /** Creates what is missing, leaves what exists. */
  ensureTopics(topics: readonly TopicSpec[]): Promise<void>;
  describeTopic(name: string): Promise<TopicDescription>;
  /** For checks before and beside the work; asks the log each time. Rejects where the topic does not exist. */
  topicSettings(name: string): Promise<TopicSettings>;
  offsets(topic: string): Promise<PartitionOffsets[]>;
  /**
   * Where the log ends for a leader epoch: a record read under it at or beyond this offset is lost (Kafka: by an unclean
   * leader election). null where the log does not know the epoch, or has none.
   */
  epochEnd(partition: Assignment, leaderEpoch: number): Promise<number | null>;
  /** Durable when it resolves; records of one call and partition keep their order. Rejects with LogUnavailableError when the log cannot take them now, with RecordTooLargeError when it never will. */
  append(topic: string, records: readonly NewRecord[], settled?: Settled): Promise<void>;
  /** The partition a key goes to, as `append` would choose. */
  partitionOf(topic: string, key: string): Promise<number>;
  /** Joins the group and begins to consume; resolves once subscribed. Rejects with CompactedTopicError where a topic is compacted. */
  consume(options: ConsumerOptions): Promise<Consumer>;
  /** Round trip to the log; rejects when it cannot be reached. */
  ping(): Promise<void>;
  close(): Promise<void>;
}

export class StaleAssignmentError extends Error {
  override readonly name = 'StaleAssignmentError';
}
/**
 * Thrown by a handler: the partition is read no further, stays assigned (so that nobody else tries), and the consumer is
 * unhealthy with this message, which should name the partition and say what to do. It is read again, by
 * `onAssigned`, after a restart or when it moves to another member.
 */
export class PartitionHaltError extends Error {
  override readonly name = 'PartitionHaltError';
}
export class LogUnavailableError extends Error {
  override readonly name = 'LogUnavailableError';
}
/** Compaction takes records away in silence, one key's but the last: counts would be wrong, and nobody would know. */
export class CompactedTopicError extends Error {
  override readonly name = 'CompactedTopicError';

  constructor(topic: string, policy: string) {
    super(
      `topic ${topic} is compacted (cleanup.policy=${policy}), which removes events that share a key: ` +
        'set its cleanup.policy to delete, or create it again without compaction',
    );
  }
}
/** The log takes no record of this size: sending it again will not help. */
export class RecordTooLargeError extends Error {
  override readonly name = 'RecordTooLargeError';

  constructor(topic: string, bytes: number, cause: unknown) {
    super(
      `a record of about ${bytes} bytes is more than topic ${topic} takes: raise max.message.bytes of the topic ` +
        '(message.max.bytes of the brokers), or send less in one record',
      { cause },
    );
  }
}

import { type Admin, type Kafka, Partitioners, type Producer } from 'kafkajs';
import { partitionForKey } from '../../core/partitioner.ts';
import {
  type Assignment,
  CompactedTopicError,
  type Consumer,
  type ConsumerOptions,
  type Log,
  type NewRecord,
  type PartitionOffsets,
  type Settled,
  type TopicDescription,
  type TopicSettings,
  type TopicSpec,
} from '../../ports/log.ts';
import type { TopicIdentity } from '../../ports/topic-identity.ts';
import { type ClientOptions, createClient } from './client.ts';
import { Connected } from './connected.ts';
import { type ConsumerHooks, GroupConsumer } from './consumer.ts';
import { isUnauthorized, isUnknownTopic, toLogError } from './errors.ts';
import { Appender } from './producer.ts';
import { stickyAssigner } from './sticky-assigner.ts';
import { Topics } from './topics.ts';

export interface KafkaLogOptions extends ClientOptions {
  /** Reads topic ids, which kafkajs cannot: adapters/kafka-metadata. Closed with the log. */
  identity: TopicIdentity;
  /** Of topics made by ensureTopics; -1, the default, leaves it to the brokers. */
  replication?: number;
  /** After this long without a heartbeat the group gives a member's partitions to others; default 30 s. */
  sessionTimeoutMs?: number;
  /** How long a broker may hold back an answer to a fetch while there is nothing to send; default 250 ms. */
  maxWaitMs?: number;
}

/** Keeps a whole response at 1–4 MB, which bounds memory; with 512 KiB a partition an event costs a tenth more. */
const BYTES_PER_PARTITION = 1024 * 1024;
const BYTES_PER_FETCH = 4 * 1024 * 1024;
/** After this long a producer knows of partitions that were added. */
const PRODUCER_METADATA_MS = 5_000;

/**
 * Apache Kafka as the log. Connects at the first call; whatever finds no broker rejects, after at most about 20 s, with a
 * LogUnavailableError that names the brokers.
 */
export function createKafkaLog(options: KafkaLogOptions): Log {
  return new KafkaLog(options);
}

class KafkaLog implements Log {
  private readonly options: KafkaLogOptions;
  private readonly admin: Connected<Admin>;
  private readonly producer: Connected<Producer>;
  private readonly topics: Topics;
  private readonly appender: Appender;
  private readonly consumers = new Set<Consumer>();

  constructor(options: KafkaLogOptions) {
    const kafka = createClient(options);
    this.options = options;
    this.admin = new Connected(() => kafka.admin());
    this.producer = new Connected(() =>
      kafka.producer({
        allowAutoTopicCreation: false,
        createPartitioner: Partitioners.DefaultPartitioner,
        metadataMaxAge: PRODUCER_METADATA_MS,
      }),
    );
    this.topics = new Topics(() => this.admin.client, options.identity, options.replication ?? -1);
    this.appender = new Appender(() => this.producer.client);
  }

  ensureTopics(topics: readonly TopicSpec[]): Promise<void> {
    return this.ask('create topics', () => this.topics.ensure(topics));
  }

  describeTopic(name: string): Promise<TopicDescription> {
    return this.ask(`describe topic ${name}`, () => this.topics.describe(name));
  }

  topicSettings(name: string): Promise<TopicSettings> {
    return this.ask(`read the settings of topic ${name}`, () => this.topics.settings(name));
  }

  offsets(topic: string): Promise<PartitionOffsets[]> {
    return this.ask(`read the offsets of topic ${topic}`, () => this.topics.offsets(topic));
  }

  epochEnd(partition: Assignment, leaderEpoch: number): Promise<number | null> {
    return this.ask(`read the leader epochs of ${partition.topic}/${partition.partition}`, () =>
      this.options.identity.epochEnd(partition, leaderEpoch),
    );
  }

  async append(topic: string, records: readonly NewRecord[], settled?: Settled): Promise<void> {
    if (records.length === 0) return;
    const partitions = await this.ask(`describe topic ${topic}`, () => this.topics.partitionCount(topic));
    const what = `append to topic ${topic}`;
    await this.ask(what, async () => {
      await this.producer.ready();
      await this.appender.append(topic, partitions, records, (index, error) =>
        settled?.(index, error === undefined ? undefined : toLogError(error, what, this.options.brokers)),
      );
    });
  }

  async partitionOf(topic: string, key: string): Promise<number> {
    const partitions = await this.ask(`describe topic ${topic}`, () => this.topics.partitionCount(topic));
    return partitionForKey(Buffer.from(key), partitions);
  }

  async consume(options: ConsumerOptions): Promise<Consumer> {
    for (const topic of options.topics) await this.refuseCompacted(topic);
    const view = {
      incarnation: async (topic: string) => (await this.describeTopic(topic)).incarnation,
      committed: (group: string, assignment: Assignment) => this.committed(group, assignment),
      offsets: (topic: string) => this.offsets(topic),
      epochEnd: (partition: Assignment, leaderEpoch: number) => this.epochEnd(partition, leaderEpoch),
    };
    const create = (hooks: ConsumerHooks) => this.createConsumer(options.group, hooks);
    const consumer = new GroupConsumer(options, view, create, this.sessionTimeoutMs);
    this.consumers.add(consumer);
    await this.ask(`join group ${options.group}`, () => consumer.start());
    return consumer;
  }

  async ping(): Promise<void> {
    await this.ask('reach a broker', () => this.admin.client.describeCluster());
  }

  async close(): Promise<void> {
    await Promise.all([...this.consumers].map((consumer) => consumer.close()));
    await Promise.all([this.producer.close(), this.admin.close(), this.options.identity.close()]);
  }

  private async refuseCompacted(topic: string): Promise<void> {
    await this.describeTopic(topic);
    const settings = await this.topicSettings(topic).catch((error) => {
      // Whoever may read a topic need not be allowed to read its configuration.
      if (!isUnauthorized(error)) throw error;
      return null;
    });
    const policy = settings?.config['cleanup.policy'] ?? '';
    if (policy.includes('compact')) throw new CompactedTopicError(topic, policy);
  }

  private get sessionTimeoutMs(): number {
    return this.options.sessionTimeoutMs ?? 30_000;
  }

  private createConsumer(groupId: string, hooks: ConsumerHooks) {
    const sessionTimeout = this.sessionTimeoutMs;
    const kafka: Kafka = createClient(this.options, hooks.watch);
    return kafka.consumer({
      groupId,
      sessionTimeout,
      // Nobody waits for running work before joining again, so members are quick.
      rebalanceTimeout: Math.max(sessionTimeout, 10_000),
      heartbeatInterval: Math.min(3000, Math.floor(sessionTimeout / 6)),
      partitionAssigners: [stickyAssigner(hooks.owned)],
      allowAutoTopicCreation: false,
      maxBytesPerPartition: BYTES_PER_PARTITION,
      maxBytes: BYTES_PER_FETCH,
      maxWaitTimeInMs: this.options.maxWaitMs ?? 250,
      metadataMaxAge: 15_000,
      // Runs are begun by us alone (runs.ts).
      retry: { initialRetryTime: 200, maxRetryTime: 3000, retries: 5, restartOnFailure: async () => false },
    });
  }

  private async committed(groupId: string, { topic, partition }: Assignment): Promise<number | null> {
    const offsets = await this.ask(`read the offsets of group ${groupId}`, () =>
      this.admin.client.fetchOffsets({ groupId, topics: [topic] }),
    );
    const stored = offsets[0]?.partitions.find((one) => one.partition === partition)?.offset;
    // Below zero: none, or the "earliest" that kafkajs commits when it resets an offset.
    return stored === undefined || Number(stored) < 0 ? null : Number(stored);
  }

  private async ask<T>(what: string, question: () => Promise<T>): Promise<T> {
    try {
      return await this.askOnce(question).catch((error) => {
        if (!isUnknownTopic(error)) throw error;
        // A kafkajs client that once met a topic asks for it ever after, and fails at everything once it is deleted.
        this.admin.renew();
        this.producer.renew();
        return this.askOnce(question);
      });
    } catch (error) {
      throw toLogError(error, what, this.options.brokers);
    }
  }

  private async askOnce<T>(question: () => Promise<T>): Promise<T> {
    await this.admin.ready();
    return question();
  }
}

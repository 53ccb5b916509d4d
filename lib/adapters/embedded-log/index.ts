import { partitionForKey } from '../../core/partitioner.ts';
import type {
  Consumer,
  ConsumerOptions,
  Log,
  NewRecord,
  PartitionOffsets,
  Settled,
  TopicDescription,
  TopicSettings,
  TopicSpec,
} from '../../ports/log.ts';
import { LogUnavailableError } from '../../ports/log.ts';
import { Catalog, type Partition } from './catalog.ts';
import { EmbeddedConsumer } from './consumer.ts';
import { Group } from './group.ts';
import { claimOwnership, releaseOwnership } from './owner.ts';
import { Partitioner, prepareRecord } from './prepare.ts';
import type { PreparedRecord } from './record-batch.ts';
import { Retention } from './retention.ts';
import { type MetaKey, openStorage, type Storage } from './storage.ts';
import { Writer } from './writer.ts';

/** What holds where a topic says nothing, by Kafka's names. */
const DEFAULT_CONFIG = {
  'cleanup.policy': 'delete',
  'max.message.bytes': '2147483647',
  'message.timestamp.type': 'CreateTime',
  'min.insync.replicas': '1',
  'retention.bytes': '-1',
  'retention.ms': '-1',
};

export interface EmbeddedLogOptions {
  /** Directory of the log's files; created where missing. One process at a time. */
  dir: string;
  /** Partitions of a topic whose spec says 0. */
  partitions: number;
  /** Stamps records without a timestamp, and judges retention; ms. */
  now?: () => number;
}

/**
 * Opens the durable log of this process. Throws LogUnavailableError where the directory cannot be used or another
 * process has it open.
 */
export async function createEmbeddedLog(options: EmbeddedLogOptions): Promise<Log> {
  const storage = openStorage(options.dir);
  try {
    claimOwnership(storage, options.dir);
  } catch (error) {
    await storage.close();
    throw error;
  }
  return new EmbeddedLog(storage, options);
}

class EmbeddedLog implements Log {
  private readonly storage: Storage;
  private readonly partitions: number;
  private readonly now: () => number;
  private readonly catalog: Catalog;
  private readonly writer: Writer;
  private readonly retention: Retention;
  private readonly partitioner = new Partitioner();
  private readonly groups = new Map<string, Group>();
  private readonly consumers = new Set<Consumer>();
  private closing: Promise<void> | null = null;

  constructor(storage: Storage, { partitions, now = Date.now }: EmbeddedLogOptions) {
    this.storage = storage;
    this.partitions = partitions;
    this.now = now;
    this.catalog = new Catalog(storage);
    this.writer = new Writer(storage);
    this.retention = new Retention(storage, this.catalog, now);
    this.retention.start();
  }

  async ensureTopics(topics: readonly TopicSpec[]): Promise<void> {
    await this.catalog.ensure(topics, this.partitions);
  }

  async describeTopic(name: string): Promise<TopicDescription> {
    const { partitions, incarnation } = this.catalog.topic(name);
    return { name, partitions: partitions.length, incarnation };
  }

  async topicSettings(name: string): Promise<TopicSettings> {
    return { replication: 1, config: { ...DEFAULT_CONFIG, ...this.catalog.topic(name).config } };
  }

  async offsets(topic: string): Promise<PartitionOffsets[]> {
    return this.catalog.topic(topic).partitions.map(({ partition, beginning, end }) => ({ partition, beginning, end }));
  }

  /** One process, one disk: nothing acknowledged is ever taken back. */
  async epochEnd(): Promise<null> {
    return null;
  }

  async append(name: string, records: readonly NewRecord[], settled?: Settled): Promise<void> {
    if (records.length === 0) return;
    const topic = this.catalog.topic(name);
    const now = this.now();
    const prepared = new Map<Partition, PreparedRecord[]>();
    for (const record of records) {
      const ready = prepareRecord(record, now);
      const partition = this.partitioner.choose(topic, record, ready.key);
      const list = prepared.get(partition);
      if (list === undefined) prepared.set(partition, [ready]);
      else list.push(ready);
    }
    await this.writer.append(prepared);
    if (settled !== undefined) for (const index of records.keys()) settled(index, undefined);
  }

  async partitionOf(topic: string, key: string): Promise<number> {
    return partitionForKey(Buffer.from(key), this.catalog.topic(topic).partitions.length);
  }

  async consume(options: ConsumerOptions): Promise<Consumer> {
    await this.ping();
    for (const topic of options.topics) this.catalog.topic(topic);
    const consumer = new EmbeddedConsumer(options, this.group(options.group), this.storage, this.writer);
    this.consumers.add(consumer);
    consumer.join();
    return consumer;
  }

  async ping(): Promise<void> {
    if (this.closing !== null) throw new LogUnavailableError('embedded log: closed');
  }

  close(): Promise<void> {
    this.closing ??= this.shutDown();
    return this.closing;
  }

  private group(name: string): Group {
    const existing = this.groups.get(name);
    if (existing !== undefined) return existing;
    const group = new Group(this.catalog, async () => {
      const key: MetaKey = ['generation', name];
      const generation = Number(this.storage.meta.get(key) ?? 0) + 1;
      await this.writer.put(key, generation);
      return generation;
    });
    this.groups.set(name, group);
    return group;
  }

  private async shutDown(): Promise<void> {
    await Promise.all([...this.consumers].map((consumer) => consumer.close()));
    await this.writer.close();
    await this.retention.close();
    releaseOwnership(this.storage);
    await this.storage.close();
  }
}

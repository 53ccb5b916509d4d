import kafkajs, { type Admin } from 'kafkajs';
import type { PartitionOffsets, TopicDescription, TopicSettings, TopicSpec } from '../../ports/log.ts';
import type { TopicIdentity } from '../../ports/topic-identity.ts';

const COUNT_TTL_MS = 15_000;
const CREATE_TIMEOUT_MS = 10_000;

/** Topics of the cluster: making, describing, and how many partitions each has (known for 15 s). */
export class Topics {
  private readonly admin: () => Admin;
  private readonly identity: TopicIdentity;
  private readonly replication: number;
  private readonly counts = new Map<string, { partitions: number; until: number }>();

  constructor(admin: () => Admin, identity: TopicIdentity, replication: number) {
    this.admin = admin;
    this.identity = identity;
    this.replication = replication;
  }

  async ensure(specs: readonly TopicSpec[]): Promise<void> {
    const existing = new Set(await this.admin().listTopics());
    for (const spec of specs) if (!existing.has(spec.name)) await this.create(spec);
  }

  async describe(name: string): Promise<TopicDescription> {
    const description = await this.identity.describe(name);
    if (description === null) throw new Error(`Kafka topic ${name} does not exist; create it with ensureTopics`);
    this.counts.set(name, { partitions: description.partitions, until: Date.now() + COUNT_TTL_MS });
    return description;
  }

  async partitionCount(name: string): Promise<number> {
    const known = this.counts.get(name);
    if (known !== undefined && known.until > Date.now()) return known.partitions;
    return (await this.describe(name)).partitions;
  }

  async offsets(name: string): Promise<PartitionOffsets[]> {
    // Names the topic where it does not exist.
    await this.partitionCount(name);
    const offsets = await this.admin().fetchTopicOffsets(name);
    return offsets
      .map(({ partition, low, high }) => ({ partition, beginning: Number(low), end: Number(high) }))
      .sort((one, other) => one.partition - other.partition);
  }

  async settings(name: string): Promise<TopicSettings> {
    // Names the topic where it does not exist.
    await this.describe(name);
    const { topics } = await this.admin().fetchTopicMetadata({ topics: [name] });
    const replicas = topics[0]?.partitions.map((partition) => partition.replicas.length) ?? [];
    const { resources } = await this.admin().describeConfigs({
      resources: [{ type: kafkajs.ConfigResourceTypes.TOPIC, name }],
      includeSynonyms: false,
    });
    const entries = resources[0]?.configEntries ?? [];
    const config = Object.fromEntries(entries.map(({ configName, configValue }) => [configName, configValue]));
    return { replication: Math.min(...replicas), config };
  }

  private async create(spec: TopicSpec): Promise<void> {
    const configEntries = Object.entries(spec.config ?? {}).map(([name, value]) => ({ name, value }));
    const { name: topic, partitions: numPartitions } = spec;
    const topics = [{ topic, numPartitions, replicationFactor: this.replication, configEntries }];
    // Answers false, without an error, where another process was quicker.
    await this.admin().createTopics({ topics, waitForLeaders: false });
    await this.untilServed(topic);
  }

  /** Brokers learn of a new topic, and of its leaders, one after the other. */
  private async untilServed(topic: string): Promise<void> {
    const end = Date.now() + CREATE_TIMEOUT_MS;
    while (!(await this.isServed(topic))) {
      if (Date.now() > end) throw new Error(`Kafka accepted topic ${topic}, but no broker serves it yet`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  private async isServed(topic: string): Promise<boolean> {
    if ((await this.identity.describe(topic)) === null) return false;
    return this.admin()
      .fetchTopicOffsets(topic)
      .then(
        () => true,
        () => false,
      );
  }
}

import kafkajs, { type Admin, type ITopicMetadata } from 'kafkajs';
import type { Assignment } from '../../ports/log.ts';
import type { ClusterFacts, GroupFacts, LogInspector, PartitionFacts, TopicFacts } from '../../ports/log-inspector.ts';
import type { TopicIdentity } from '../../ports/topic-identity.ts';
import type { ClientOptions } from './client.ts';
import { Connected } from './connected.ts';
import { isUnknownTopic } from './errors.ts';

export interface InspectorOptions extends ClientOptions {
  /** Closed with the inspector. */
  identity: TopicIdentity;
}

/** Reads what brokers tell of themselves, topics and groups. Impatient: a broker that is down is told within seconds. */
export function createKafkaInspector(options: InspectorOptions): LogInspector {
  const kafka = new kafkajs.Kafka({
    brokers: [...options.brokers],
    clientId: options.clientId,
    connectionTimeout: 3000,
    requestTimeout: 5000,
    retry: { initialRetryTime: 200, maxRetryTime: 500, retries: 1 },
    logLevel: kafkajs.logLevel.NOTHING,
  });
  return new KafkaInspector(new Connected(() => kafka.admin()), options.identity);
}

class KafkaInspector implements LogInspector {
  readonly #admin: Connected<Admin>;
  readonly #identity: TopicIdentity;
  /** One question at a time: kafkajs mixes up the topics of questions about offsets that overlap. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(admin: Connected<Admin>, identity: TopicIdentity) {
    this.#admin = admin;
    this.#identity = identity;
  }

  async cluster(): Promise<ClusterFacts> {
    const { clusterId, controller, brokers } = await this.#ask((admin) => admin.describeCluster());
    const nodes = brokers.map(({ nodeId, host, port }) => ({ id: nodeId, address: `${host}:${port}` }));
    return { id: clusterId, nodes, controller };
  }

  async topic(name: string): Promise<TopicFacts | null> {
    // Asked first, by a client that takes no harm from a topic that does not exist; kafkajs would ask for it ever after.
    const identity = await this.#identity.describe(name);
    if (identity === null) return null;
    return this.#ask(async (admin) => {
      const { topics } = await admin.fetchTopicMetadata({ topics: [name] });
      const partitions = await partitionFacts(admin, name, topics[0]);
      const settings = await readSettings(admin, name);
      return { name, incarnation: identity.incarnation, partitions, settings };
    });
  }

  async group(group: string): Promise<GroupFacts> {
    const { groups } = await this.#ask((admin) => admin.describeGroups([group]));
    const offsets = await this.#ask((admin) => admin.fetchOffsets({ groupId: group }));
    const committed = offsets.map(({ topic, partitions }): [string, Map<number, number>] => {
      const known = partitions.filter(({ offset }) => Number(offset) >= 0);
      return [topic, new Map(known.map(({ partition, offset }) => [partition, Number(offset)]))];
    });
    return {
      group,
      state: groups[0]?.state ?? 'unknown',
      members: groups[0]?.members.length ?? 0,
      committed: new Map(committed),
    };
  }

  async offsetsAt(topic: string, timestamp: number): Promise<ReadonlyMap<number, number>> {
    const offsets = await this.#ask((admin) => admin.fetchTopicOffsetsByTimestamp(topic, Math.round(timestamp)));
    return new Map(offsets.map(({ partition, offset }) => [partition, Number(offset)]));
  }

  epochEnd(partition: Assignment, leaderEpoch: number): Promise<number | null> {
    return this.#identity.epochEnd(partition, leaderEpoch);
  }

  async close(): Promise<void> {
    await Promise.all([this.#admin.close(), this.#identity.close()]);
  }

  #ask<T>(question: (admin: Admin) => Promise<T>): Promise<T> {
    const answer = this.#turn.then(async () => {
      await this.#admin.ready();
      return question(this.#admin.client);
    });
    this.#turn = answer.catch(() => {});
    return answer;
  }
}

async function partitionFacts(
  admin: Admin,
  name: string,
  metadata: ITopicMetadata | undefined,
): Promise<PartitionFacts[]> {
  const offsets = await offsetsOf(admin, name);
  return (metadata?.partitions ?? [])
    .map(({ partitionId, leader, replicas, isr }) => ({
      partition: partitionId,
      leader,
      replicas,
      inSync: isr,
      beginning: offsets.get(partitionId)?.beginning ?? null,
      end: offsets.get(partitionId)?.end ?? null,
    }))
    .sort((one, other) => one.partition - other.partition);
}

/** Empty where a partition has no leader: kafkajs then tells no offset of the topic at all. */
async function offsetsOf(admin: Admin, name: string): Promise<Map<number, { beginning: number; end: number }>> {
  try {
    const offsets = await admin.fetchTopicOffsets(name);
    return new Map(
      offsets.map(({ partition, low, high }) => [partition, { beginning: Number(low), end: Number(high) }]),
    );
  } catch (error) {
    if (isUnknownTopic(error) || isLeaderless(error)) return new Map();
    throw error;
  }
}

function isLeaderless(error: unknown): boolean {
  return error instanceof Error && /no leader|LEADER_NOT_AVAILABLE/i.test(`${error.name} ${error.message}`);
}

async function readSettings(admin: Admin, name: string): Promise<Record<string, string>> {
  const { resources } = await admin.describeConfigs({
    resources: [{ type: kafkajs.ConfigResourceTypes.TOPIC, name }],
    includeSynonyms: false,
  });
  const entries = resources[0]?.configEntries ?? [];
  return Object.fromEntries(entries.map(({ configName, configValue }) => [configName, configValue]));
}

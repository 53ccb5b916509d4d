import { Admin, GenericError, MultipleErrors } from '@platformatic/kafka';
import type { Assignment, TopicDescription } from '../../ports/log.ts';
import type { TopicIdentity } from '../../ports/topic-identity.ts';
import { offsetForLeaderEpoch } from './leader-epochs.ts';

const UNKNOWN_TOPIC_OR_PARTITION = 3;
/** Reads topic ids and leader epochs, which kafkajs is too old to see. Connects at the first question. */
export function createTopicIdentity(options: { brokers: readonly string[]; clientId: string }): TopicIdentity {
  const admin = new Admin({
    clientId: `${options.clientId}-metadata`,
    bootstrapBrokers: [...options.brokers],
    connectTimeout: 3000,
    timeout: 5000,
    retries: 2,
    retryDelay: 250,
    autocreateTopics: false,
  });
  return {
    describe: (topic) => describeTopic(admin, topic),
    epochEnd: (partition, leaderEpoch) => epochEnd(admin, partition, leaderEpoch),
    close: () => admin.close(),
  };
}

async function describeTopic(admin: Admin, name: string): Promise<TopicDescription | null> {
  const topic = await findTopic(admin, name);
  return topic === null ? null : { name, partitions: topic.partitionsCount, incarnation: topic.id };
}

async function findTopic(admin: Admin, name: string) {
  try {
    const { topics } = await admin.metadata({ topics: [name], forceUpdate: true });
    return topics.get(name) ?? null;
  } catch (error) {
    if (isUnknownTopic(error)) return null;
    throw error;
  }
}

async function epochEnd(admin: Admin, { topic, partition }: Assignment, leaderEpoch: number): Promise<number | null> {
  const leader = (await findTopic(admin, topic))?.partitions[partition]?.leader;
  if (leader === undefined || leader < 0) throw new Error(`${topic}/${partition} has no leader now`);
  const connection = (await admin.connectToBrokers([leader])).get(leader);
  if (connection === undefined) throw new Error(`broker ${leader}, which leads ${topic}/${partition}, does not answer`);
  const end = await offsetForLeaderEpoch(connection, { topic, partition }, leaderEpoch);
  return end < 0 ? null : end;
}

function isUnknownTopic(error: unknown): boolean {
  if (error instanceof GenericError) return error.findBy('apiCode', UNKNOWN_TOPIC_OR_PARTITION) !== null;
  if (error instanceof MultipleErrors) return error.findBy('apiCode', UNKNOWN_TOPIC_OR_PARTITION) !== null;
  return false;
}

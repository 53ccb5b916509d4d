import { Admin, GenericError, MultipleErrors } from '@platformatic/kafka';
import type { TopicDescription } from '../../ports/log.ts';
import type { TopicIdentity } from '../../ports/topic-identity.ts';

const UNKNOWN_TOPIC_OR_PARTITION = 3;

/** Reads topic ids from Kafka's metadata, which kafkajs is too old to see. Connects at the first question. */
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
  return { describe: (topic) => describeTopic(admin, topic), close: () => admin.close() };
}

async function describeTopic(admin: Admin, name: string): Promise<TopicDescription | null> {
  try {
    const { topics } = await admin.metadata({ topics: [name], forceUpdate: true });
    const topic = topics.get(name);
    return topic === undefined ? null : { name, partitions: topic.partitionsCount, incarnation: topic.id };
  } catch (error) {
    if (isUnknownTopic(error)) return null;
    throw error;
  }
}

function isUnknownTopic(error: unknown): boolean {
  if (error instanceof GenericError) return error.findBy('apiCode', UNKNOWN_TOPIC_OR_PARTITION) !== null;
  if (error instanceof MultipleErrors) return error.findBy('apiCode', UNKNOWN_TOPIC_OR_PARTITION) !== null;
  return false;
}

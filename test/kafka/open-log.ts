import { Kafka, logLevel } from 'kafkajs';
import { createKafkaLog, type KafkaLogOptions } from '../../lib/adapters/kafka/index.ts';
import { createTopicIdentity } from '../../lib/adapters/kafka-metadata/index.ts';
import type { Log } from '../../lib/ports/log.ts';

/** The Kafka log with timeouts short enough for tests. */
export function openKafkaLog(bootstrap: string, options: Partial<KafkaLogOptions> = {}): Log {
  const client = { brokers: [bootstrap], clientId: 'test' };
  return createKafkaLog({ ...client, identity: createTopicIdentity(client), sessionTimeoutMs: 6000, ...options });
}

/** A plain client, for what the log port does not do: transactions, deleting, adding partitions. */
export function plainKafka(bootstrap: string): Kafka {
  return new Kafka({ brokers: [bootstrap], clientId: 'plain', logLevel: logLevel.NOTHING });
}

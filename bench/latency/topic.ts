import { createKafkaLog } from '../../lib/adapters/kafka/index.ts';
import { createTopicIdentity } from '../../lib/adapters/kafka-metadata/index.ts';
import { startKafkaBroker } from '../../test/support/kafka-broker.ts';
import { type Filled, fill } from '../kafka/fill.ts';

export interface TopicSize {
  /** Default json. */
  encoding?: string;
  features: number;
  events: number;
  partitions: number;
}

/** A broker of its own with the predictions topic and so many events in it, for as long as `work` takes. */
export async function withTopic<T>(
  { encoding = 'json', features, events, partitions }: TopicSize,
  work: (bootstrap: string, filled: Filled) => Promise<T>,
): Promise<T> {
  const broker = await startKafkaBroker({ own: true });
  const client = { brokers: [broker.bootstrap], clientId: 'bench' };
  const log = createKafkaLog({ ...client, identity: createTopicIdentity(client) });
  const filled = await fill(log, { encoding, features, total: events, partitions });
  await log.close();
  const result = await work(broker.bootstrap, filled);
  await broker.stop();
  return result;
}

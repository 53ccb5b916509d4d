import { createKafkaLog } from '../../lib/adapters/kafka/index.ts';
import { createTopicIdentity } from '../../lib/adapters/kafka-metadata/index.ts';
import { logConformance } from '../conformance/log/index.ts';
import { startKafkaBroker } from '../support/kafka-broker.ts';

logConformance('Kafka', async () => {
  const broker = await startKafkaBroker();
  const client = { brokers: [broker.bootstrap], clientId: 'conformance' };
  // Shorter than the slowest handler of the suite: being slow must not cost the membership.
  const log = createKafkaLog({ ...client, identity: createTopicIdentity(client), sessionTimeoutMs: 6000 });
  return {
    log,
    close: async () => {
      await log.close();
      await broker.stop();
    },
  };
});

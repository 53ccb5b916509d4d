import { logConformance } from '../conformance/log/index.ts';
import { startKafkaBroker } from '../support/kafka-broker.ts';
import { openKafkaLog } from './open-log.ts';

logConformance('Kafka', async () => {
  const broker = await startKafkaBroker();
  // The session is shorter than the slowest handler of the suite: being slow must not cost the membership.
  const log = openKafkaLog(broker.bootstrap, { sessionTimeoutMs: 6000 });
  return {
    log,
    close: async () => {
      await log.close();
      await broker.stop();
    },
  };
});

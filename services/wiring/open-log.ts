import { join } from 'node:path';
import { createKafkaLog } from '../../lib/adapters/kafka/index.ts';
import { createTopicIdentity } from '../../lib/adapters/kafka-metadata/index.ts';
import type { Log } from '../../lib/ports/log.ts';
import type { Config } from '../../lib/runtime/config/types.ts';
import { DriftlineError, describeError } from '../../lib/runtime/errors.ts';
import type { ServiceContext } from '../../lib/runtime/service.ts';
import { reach } from './reach.ts';

/** The log of the configuration, reachable. `name` is the process's, shown to the brokers. */
export async function openLog(config: Config, name: string, logger: ServiceContext['logger']): Promise<Log> {
  const { log: settings } = config;
  if (settings.kind === 'embedded') return openEmbedded(join(config.dataDir, 'log'), settings.partitions);
  const client = { brokers: settings.brokers, clientId: `driftline-${name}` };
  const { replication, sessionTimeoutMs } = settings;
  const log = createKafkaLog({
    ...client,
    identity: createTopicIdentity(client),
    replication,
    sessionTimeoutMs,
    logger,
  });
  const error = await reach(() => log.ping());
  if (error === null) return log;
  await log.close().catch(() => {});
  throw new DriftlineError(
    'log_unreachable',
    `Kafka does not answer at ${settings.brokers.join(', ')}: ${describeError(error)}`,
    'check log.brokers, and that the brokers are up and can be reached from here',
    { cause: error },
  );
}

async function openEmbedded(dir: string, partitions: number): Promise<Log> {
  const { createEmbeddedLog } = await import('../../lib/adapters/embedded-log/index.ts');
  try {
    return await createEmbeddedLog({ dir, partitions });
  } catch (error) {
    const hint = 'stop the other process, or choose another directory with --data';
    throw new DriftlineError('store_locked', `cannot open the embedded log in ${dir}: ${describeError(error)}`, hint, {
      cause: error,
    });
  }
}

import { TOPICS } from '../../lib/core/messages/types.ts';
import type { Log, TopicSpec } from '../../lib/ports/log.ts';
import type { Config } from '../../lib/runtime/config/types.ts';
import { DriftlineError, describeError } from '../../lib/runtime/errors.ts';

/** Every topic of Driftline. Topics that exist keep the partitions they have. */
export async function createTopics(log: Log, config: Config): Promise<void> {
  const topics: TopicSpec[] = Object.values(TOPICS).map((name) => ({ name, partitions: config.log.partitions }));
  await log.ensureTopics(topics);
}

/** Throws where a topic is missing: services of a cluster do not create any, `driftline migrate` does. */
export async function requireTopics(log: Log): Promise<void> {
  for (const name of Object.values(TOPICS)) {
    await log.describeTopic(name).catch((error: unknown) => {
      const message = `topic ${name} is missing or cannot be described: ${describeError(error)}`;
      throw new DriftlineError('schema_outdated', message, 'run `driftline migrate` with the same configuration', {
        cause: error,
      });
    });
  }
}

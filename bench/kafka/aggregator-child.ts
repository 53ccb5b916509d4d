/**
 * One aggregator in a process of its own, on Kafka and a ClickHouse server: starts for each message of its parent, tells it
 * how many records it has taken in, stops when told, and answers with what that took.
 */
import { createCodec } from '../../lib/adapters/avro/index.ts';
import { createClickHouseStore } from '../../lib/adapters/clickhouse/index.ts';
import { createKafkaLog } from '../../lib/adapters/kafka/index.ts';
import { createTopicIdentity } from '../../lib/adapters/kafka-metadata/index.ts';
import { systemClock } from '../../lib/ports/clock.ts';
import type { Log } from '../../lib/ports/log.ts';
import { createLogger } from '../../lib/runtime/logging.ts';
import { createRegistry } from '../../lib/runtime/metrics.ts';
import { createAggregator } from '../../services/aggregator/index.ts';
import { configWith } from '../../test/support/config.ts';
import { replacing } from '../../test/support/replacing.ts';

export interface Task {
  bootstrap: string;
  storeUrl: string;
  group: string;
  predictionLog: boolean;
}

/** What the process answers: records taken in so far, or all of it. Times are ms since 1970, CPU in µs. */
export type Told = { seen: number } | { began: number; ended: number; cpu: number };

const tell = (told: Told) => process.send?.(told);
const now = () => performance.timeOrigin + performance.now();

async function work({ bootstrap, storeUrl, group, predictionLog }: Task): Promise<void> {
  const client = { brokers: [bootstrap], clientId: 'bench' };
  const log = createKafkaLog({ ...client, identity: createTopicIdentity(client) });
  const store = createClickHouseStore({ url: storeUrl, database: 'driftline', username: 'default', password: '' });
  const state = { began: 0, seen: 0, cpu: process.cpuUsage() };
  const service = createAggregator(
    {
      // The shipped defaults, but windows that are passed at once.
      config: configWith({ aggregation: { allowedDelayMs: 0, predictionLog } }),
      log: watched(log, group, state),
      store,
      codec: createCodec({ encoding: 'json' }),
      clock: systemClock,
      logger: createLogger({ name: 'bench', level: 'warn' }),
      metrics: createRegistry(),
    },
    { lastFlushMs: 60_000 },
  );
  const told = new Promise((resolve) => process.once('message', resolve));
  await service.start();
  await Promise.race([told, service.failed]);
  await service.stop();
  const ended = now();
  const { user, system } = process.cpuUsage(state.cpu);
  await log.close();
  await store.close();
  tell({ began: state.began, ended, cpu: user + system });
}

/** The log with a consumer group of the bench's own. */
function watched(log: Log, group: string, state: { began: number; seen: number; cpu: NodeJS.CpuUsage }): Log {
  return replacing(log, {
    consume: ({ topics, handlers }) =>
      log.consume({
        group,
        topics,
        handlers: {
          ...handlers,
          onBatch: async (batch) => {
            if (state.began === 0) Object.assign(state, { began: now(), cpu: process.cpuUsage() });
            await handlers.onBatch(batch);
            state.seen += batch.records.length;
            tell({ seen: state.seen });
          },
        },
      }),
  });
}

process.on('message', (message: Task | 'stop') => {
  if (message !== 'stop') void work(message);
});

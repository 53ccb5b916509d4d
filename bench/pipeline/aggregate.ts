import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { createCodec } from '../../lib/adapters/avro/index.ts';
import { systemClock } from '../../lib/ports/clock.ts';
import type { Log } from '../../lib/ports/log.ts';
import type { Store } from '../../lib/ports/store.ts';
import type { Config } from '../../lib/runtime/config/types.ts';
import { createLogger } from '../../lib/runtime/logging.ts';
import { createRegistry } from '../../lib/runtime/metrics.ts';
import { createAggregator } from '../../services/aggregator/index.ts';
import { Stopwatch, type Took } from './stopwatch.ts';

const TABLES = ['aggregation_specs', 'manifest_rows', 'chunk_rows', 'loss_rows', 'prediction_rows', 'label_rows'];

/** The shipped defaults, where the aggregator looks at them. */
function config(predictionLog: boolean, partitions: number): Config {
  return {
    log: { kind: 'embedded', partitions, encoding: 'json' },
    store: { kind: 'embedded', database: 'driftline' },
    dataDir: '',
    http: { host: '127.0.0.1', port: 0 },
    sql: { host: '127.0.0.1', port: 0 },
    pagerduty: null,
    publicUrl: null,
    ingestKeysFile: null,
    aggregation: {
      flushIntervalMs: 1_000,
      allowedDelayMs: 0,
      horizonMs: 7 * 86_400_000,
      idleAfterMs: 30_000,
      futureSkewMs: 300_000,
      chunkAgeMs: 86_400_000,
      deadLetterLimit: 0.5,
      chunkSize: 65_536,
      predictionLog,
    },
    models: [],
    monitors: [],
  };
}

/** The log with a consumer group of its own, which tells the watch what the service has taken in. */
function watched(log: Log, watch: Stopwatch): Log {
  return {
    ensureTopics: (topics) => log.ensureTopics(topics),
    topicSettings: (name) => log.topicSettings(name),
    epochEnd: (place, epoch) => log.epochEnd(place, epoch),
    describeTopic: (name) => log.describeTopic(name),
    offsets: (topic) => log.offsets(topic),
    append: (topic, records) => log.append(topic, records),
    partitionOf: (topic, key) => log.partitionOf(topic, key),
    ping: () => log.ping(),
    close: () => log.close(),
    consume: ({ topics, handlers }) =>
      log.consume({
        group: `bench-${randomUUID()}`,
        topics,
        handlers: {
          ...handlers,
          onBatch: async (batch) => {
            watch.begin();
            await handlers.onBatch(batch);
            watch.count(batch.records.length);
          },
        },
      }),
  };
}

/** The whole topic through the aggregator, from an empty store until all rows are durable and the service has stopped. */
export async function aggregate(
  log: Log,
  store: Store,
  total: number,
  partitions: number,
  predictionLog: boolean,
): Promise<Took> {
  for (const table of TABLES) await store.command(`TRUNCATE TABLE ${table}`);
  const watch = new Stopwatch(total);
  const service = createAggregator(
    {
      config: config(predictionLog, partitions),
      log: watched(log, watch),
      store,
      codec: createCodec({ encoding: 'json' }),
      clock: systemClock,
      logger: createLogger({ name: 'bench', level: 'warn' }),
      metrics: createRegistry(),
    },
    { lastFlushMs: 60_000 },
  );
  await service.start();
  await Promise.race([watch.read, service.failed]);
  await service.stop();
  const took = watch.end();
  await checkAllDurable(store, total, predictionLog);
  return took;
}

async function checkAllDurable(store: Store, total: number, predictionLog: boolean): Promise<void> {
  const [ledger] = await store.query<{ events: number }>(
    "SELECT sum(count) AS events FROM chunk_rows FINAL WHERE feature = '' AND segment = ''",
  );
  assert.equal(Number(ledger?.events), total, 'events in the ledger');
  const [raw] = await store.query<{ events: number }>('SELECT count() AS events FROM prediction_rows FINAL');
  assert.equal(Number(raw?.events), predictionLog ? total : 0, 'events in the raw log');
}

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { createCodec } from '../../lib/adapters/avro/index.ts';
import { systemClock } from '../../lib/ports/clock.ts';
import type { Log } from '../../lib/ports/log.ts';
import type { Store } from '../../lib/ports/store.ts';
import { createLogger } from '../../lib/runtime/logging.ts';
import { createRegistry } from '../../lib/runtime/metrics.ts';
import { createAggregator } from '../../services/aggregator/index.ts';
import { configWith } from '../../test/support/config.ts';
import { replacing } from '../../test/support/replacing.ts';
import { Stopwatch, type Took } from './stopwatch.ts';

const TABLES = ['aggregation_specs', 'manifest_rows', 'chunk_rows', 'loss_rows', 'prediction_rows', 'label_rows'];

/** The log with a consumer group of its own, which tells the watch what the service has taken in. */
function watched(log: Log, watch: Stopwatch): Log {
  return replacing(log, {
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
  });
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
      // The shipped defaults, but windows that are passed at once.
      config: configWith({ partitions, aggregation: { allowedDelayMs: 0, predictionLog } }),
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

/**
 * One aggregator in a process of its own, on Kafka and a ClickHouse server: starts for each message of its parent, tells it
 * how many records it has taken in, stops when told, and answers with what that took.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { createCodec } from '../../lib/adapters/avro/index.ts';
import { createClickHouseStore } from '../../lib/adapters/clickhouse/index.ts';
import { createKafkaLog } from '../../lib/adapters/kafka/index.ts';
import { createTopicIdentity } from '../../lib/adapters/kafka-metadata/index.ts';
import type { ModelSpec } from '../../lib/core/monitors/types.ts';
import { systemClock } from '../../lib/ports/clock.ts';
import type { Log } from '../../lib/ports/log.ts';
import { createLogger } from '../../lib/runtime/logging.ts';
import { createRegistry } from '../../lib/runtime/metrics.ts';
import { createAggregator } from '../../services/aggregator/index.ts';
import { configWith } from '../../test/support/config.ts';
import { replacing } from '../../test/support/replacing.ts';
import { type VitalSigns, Vitals } from './vitals.ts';

export interface Task {
  bootstrap: string;
  storeUrl: string;
  group: string;
  predictionLog: boolean;
  /** Declared, with references that are in the store; default none. */
  models?: readonly ModelSpec[];
  /** Whose code allocates is looked at too, which costs a little. */
  allocations?: boolean;
  /** The vital signs are those from this long after the first record on, ms; default: from the start on. */
  settleMs?: number;
}

/** What the process answers: records taken in so far, or all of it. Times are ms since 1970, CPU in µs. */
export type Told = { seen: number } | Outcome;

export interface Outcome {
  began: number;
  ended: number;
  cpu: number;
  /** Rows of the ledger that were written, rewrites included. */
  ledgerRows: number;
  vitals: VitalSigns;
}

const TELL_MS = 10;
const tell = (told: Told) => process.send?.(told);
const now = () => performance.timeOrigin + performance.now();

async function work({
  bootstrap,
  storeUrl,
  group,
  predictionLog,
  models = [],
  allocations,
  settleMs,
}: Task): Promise<void> {
  const client = { brokers: [bootstrap], clientId: 'bench' };
  const log = createKafkaLog({ ...client, identity: createTopicIdentity(client) });
  const store = createClickHouseStore({ url: storeUrl, database: 'driftline', username: 'default', password: '' });
  const state = { began: 0, seen: 0, cpu: process.cpuUsage() };
  let vitals = new Vitals(settleMs === undefined && allocations);
  const settled = async () => {
    if (settleMs === undefined) return;
    await wait(settleMs);
    await vitals.end();
    vitals = new Vitals(allocations);
  };
  const metrics = createRegistry();
  const service = createAggregator(
    {
      // The shipped defaults, but windows that are passed at once.
      config: configWith({ models, aggregation: { allowedDelayMs: 0, predictionLog } }),
      log: watched(log, group, state, settled),
      store,
      codec: createCodec({ encoding: 'json' }),
      clock: systemClock,
      logger: createLogger({ name: 'bench', level: 'warn' }),
      metrics,
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
  const written = await metrics.getSingleMetric('driftline_chunk_rows_total')?.get();
  const ledgerRows = written?.values[0]?.value ?? 0;
  tell({ began: state.began, ended, cpu: user + system, ledgerRows, vitals: await vitals.end() });
}

/** The log with a consumer group of the bench's own; `begun` at the first record. */
function watched(
  log: Log,
  group: string,
  state: { began: number; seen: number; cpu: NodeJS.CpuUsage },
  begun: () => Promise<void>,
): Log {
  let isTelling = false;
  // A message a batch would be a tenth of what a slow stream costs.
  const tellSoon = () => {
    if (isTelling) return;
    isTelling = true;
    setTimeout(() => {
      isTelling = false;
      tell({ seen: state.seen });
    }, TELL_MS);
  };
  return replacing(log, {
    consume: ({ topics, handlers }) =>
      log.consume({
        group,
        topics,
        handlers: {
          ...handlers,
          onBatch: async (batch) => {
            if (state.began === 0) {
              Object.assign(state, { began: now(), cpu: process.cpuUsage() });
              void begun();
            }
            await handlers.onBatch(batch);
            state.seen += batch.records.length;
            tellSoon();
          },
        },
      }),
  });
}

process.on('message', (message: Task | 'stop') => {
  if (message !== 'stop') void work(message);
});

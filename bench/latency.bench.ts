/**
 * How late rows are under load: `tsx bench/latency.bench.ts [--share 0.7] [--rate N] [--seconds 60] [--features 20] [--raw off]
 * [--events N] [--allocations] [--prof DIR] [--json]`. First what one aggregator takes of a full topic at most (the best of three
 * rounds), then at that share of it (or N a second) a steady stream: from the time in each event, which is when it was due
 * to be sent, until its provisional row is in the store; how late the aggregator's event loop is, its garbage collection, and
 * with --allocations whose code it allocates for. The first 20 seconds are not counted. All events must be in the ledger.
 */
import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { createKafkaLog } from '../lib/adapters/kafka/index.ts';
import { createTopicIdentity } from '../lib/adapters/kafka-metadata/index.ts';
import { TOPICS } from '../lib/core/messages/types.ts';
import { startKafkaBroker } from '../test/support/kafka-broker.ts';
import { Aggregators } from './kafka/aggregators.ts';
import { fill } from './kafka/fill.ts';
import { serveStore } from './kafka/served-store.ts';
import type { VitalSigns } from './kafka/vitals.ts';
import type { Produced, Task } from './latency/producer-child.ts';
import { LedgerWatch } from './latency/watch.ts';
import type { Took } from './pipeline/stopwatch.ts';

const { values } = parseArgs({
  options: {
    share: { type: 'string', default: '0.7' },
    rate: { type: 'string' },
    seconds: { type: 'string', default: '60' },
    features: { type: 'string', default: '20' },
    raw: { type: 'string', default: 'off' },
    events: { type: 'string', default: '600000' },
    allocations: { type: 'boolean', default: false },
    prof: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});
const PARTITIONS = 4;
const EVERY_MS = 20;
const JOIN_MS = 8_000;
const SETTLE_MS = 20_000;
const PRODUCER = fileURLToPath(new URL('./latency/producer-child.ts', import.meta.url));
const features = Number(values.features);
const predictionLog = values.raw === 'on';
const served = await serveStore();

async function withTopic<T>(work: (bootstrap: string) => Promise<T>, events: number): Promise<T> {
  const broker = await startKafkaBroker({ own: true });
  const client = { brokers: [broker.bootstrap], clientId: 'bench' };
  const log = createKafkaLog({ ...client, identity: createTopicIdentity(client) });
  await fill(log, { encoding: 'json', features, total: events, partitions: PARTITIONS });
  await log.close();
  const result = await work(broker.bootstrap);
  await broker.stop();
  return result;
}

/** Of a topic that is already full, events a second. */
function peak(): Promise<number> {
  const total = Number(values.events);
  return withTopic(async (bootstrap) => {
    const group = new Aggregators(1);
    let best = 0;
    for (let round = 0; round < 3; round++) {
      await served.empty();
      const { rate } = await group.run({ bootstrap, storeUrl: served.url, predictionLog }, total);
      await requireAll(total);
      best = Math.max(best, rate);
    }
    await group.close();
    return best;
  }, total);
}

interface Steady extends Took {
  vitals: VitalSigns;
  /** ms, ascending. */
  latencies: number[];
  produced: Produced;
}

function steady(rate: number): Promise<Steady> {
  const batch = Math.max(1, Math.round((rate / PARTITIONS) * (EVERY_MS / 1000)));
  const times = Math.round((SETTLE_MS + Number(values.seconds) * 1000) / EVERY_MS);
  const total = batch * times * PARTITIONS;
  return withTopic(async (bootstrap) => {
    await served.empty();
    const watch = new LedgerWatch(served.store);
    const group = new Aggregators(1, values.prof);
    const task = { bootstrap, storeUrl: served.url, predictionLog };
    const running = group.run({ ...task, settleMs: SETTLE_MS, allocations: values.allocations }, total);
    await wait(JOIN_MS);
    const produced = await produce({
      ...{ bootstrap, features, batch, times },
      ...{ topic: TOPICS.predictions, partitions: PARTITIONS, everyMs: EVERY_MS },
    });
    const { vitals, ...took } = await running;
    await group.close();
    await wait(500);
    await watch.stop();
    await requireAll(total);
    const latencies = watch.latencies(produced, batch, produced.time[0]! + SETTLE_MS);
    return { ...took, vitals: vitals[0]!, produced, latencies };
  }, 0);
}

async function produce(task: Task): Promise<Produced> {
  const child = fork(PRODUCER);
  child.send(task);
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`the producer ended with ${code}`);
  });
  const [produced] = (await Promise.race([once(child, 'message'), ended])) as [Produced];
  ended.catch(() => {});
  child.disconnect();
  return produced;
}

async function requireAll(events: number): Promise<void> {
  const [row] = await served.store.query<{ events: number }>(
    "SELECT toFloat64(sum(count)) AS events FROM chunk_rows FINAL WHERE feature = '' AND segment = ''",
  );
  assert.equal(row?.events, events, 'events in the ledger');
}

const at = (share: number, ascending: readonly number[]) => ascending[Math.floor(share * (ascending.length - 1))]!;
const percent = (share: number) => `${(100 * share).toFixed(1)} %`;

const most = values.rate === undefined ? await peak() : null;
const rate = most === null ? Number(values.rate) : most * Number(values.share);
const { latencies, vitals, cpu, produced } = await steady(rate);
const of = most === null ? '' : ` (${percent(rate / most)} of ${Math.round(most)})`;
console.log(
  `\n${Math.round(rate)} events/s${of} of ${features} features as JSON, raw log ${values.raw}, ${values.seconds} s`,
);
console.log(
  `event to provisional row, ms: ${at(0.5, latencies)} median, ${at(0.95, latencies)} 95 %, ${at(0.99, latencies)} 99 %, ` +
    `${at(1, latencies)} greatest; the producer itself late by ${produced.late} at 99 %`,
);
const { delayP50, delayP99, delayMost, gcShare, allocated } = vitals;
console.log(
  `the aggregator: ${cpu.toFixed(2)} µs of CPU an event; its event loop late by ${delayP50.toFixed(1)} ms median, ` +
    `${delayP99.toFixed(1)} ms 99 %, ${delayMost.toFixed(1)} ms at most; garbage ${percent(gcShare)} of the time`,
);
if (allocated !== null) {
  const { kafkajs, port, rest } = allocated;
  console.log(`allocated for kafkajs ${percent(kafkajs)}, the log port ${percent(port)}, the rest ${percent(rest)}`);
}
await served.close();
if (values.json) {
  const shares = Object.fromEntries([0.5, 0.95, 0.99, 1].map((share) => [share, at(share, latencies)]));
  console.log(JSON.stringify({ peak: most, rate, cpu, latency: shares, late: produced.late, vitals }));
}

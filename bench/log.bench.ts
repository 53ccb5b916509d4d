/** Append and consume rates of both logs: `tsx bench/log.bench.ts [embedded] [kafka] [--records N]`. 200-byte values. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createEmbeddedLog } from '../lib/adapters/embedded-log/index.ts';
import { createKafkaLog } from '../lib/adapters/kafka/index.ts';
import { createTopicIdentity } from '../lib/adapters/kafka-metadata/index.ts';
import type { Log } from '../lib/ports/log.ts';
import { startKafkaBroker } from '../test/support/kafka-broker.ts';
import { percentilesOf } from './tdigest.ts';

const TOPIC = 'bench';
const PARTITIONS = 4;
const CALL_RECORDS = 500;
const CALLS_AT_ONCE = 8;
const value = Buffer.alloc(200, 'x');

async function appendAll(log: Log, total: number): Promise<number> {
  const started = performance.now();
  let sent = 0;
  const caller = async () => {
    while (sent < total) {
      sent += CALL_RECORDS;
      const records = Array.from({ length: CALL_RECORDS }, (_, index) => ({ key: `key-${sent + index}`, value }));
      await log.append(TOPIC, records);
    }
  };
  await Promise.all(Array.from({ length: CALLS_AT_ONCE }, caller));
  return (sent / (performance.now() - started)) * 1000;
}

async function appendOne(log: Log): Promise<number> {
  const turns = 200;
  const started = performance.now();
  for (let turn = 0; turn < turns; turn += 1) await log.append(TOPIC, [{ key: 'one', value }]);
  return (performance.now() - started) / turns;
}

/** Records per second from the first batch to the last. */
async function consumeAll(log: Log): Promise<number> {
  const expected = (await log.offsets(TOPIC)).reduce((sum, { end }) => sum + end, 0);
  let seen = 0;
  let started = 0;
  let done: () => void = () => {};
  const finished = new Promise<void>((resolve) => {
    done = resolve;
  });
  const consumer = await log.consume({
    group: `bench-${Date.now()}`,
    topics: [TOPIC],
    handlers: {
      onAssigned: async () => ({ offset: 0 }),
      onRevoked: async () => {},
      onBatch: async ({ records }) => {
        if (seen === 0) started = performance.now();
        seen += records.length;
        if (seen >= expected) done();
      },
    },
  });
  await Promise.race([finished, consumer.failed]);
  const rate = (seen / (performance.now() - started)) * 1000;
  await consumer.close();
  return rate;
}

/** From append to onBatch, percentiles of 50. */
async function latency(log: Log): Promise<string> {
  const took: number[] = [];
  let arrived: () => void = () => {};
  const end = (await log.offsets(TOPIC))[0]!.end;
  const consumer = await log.consume({
    group: `latency-${Date.now()}`,
    topics: [TOPIC],
    handlers: {
      onAssigned: async ({ partition }) => (partition === 0 ? { offset: end } : { halt: 'not read' }),
      onRevoked: async () => {},
      onBatch: async () => arrived(),
    },
  });
  while (consumer.assignments().length < PARTITIONS) await new Promise((resolve) => setTimeout(resolve, 20));
  for (let turn = 0; turn < 50; turn += 1) {
    const started = performance.now();
    const arrival = new Promise<void>((resolve) => {
      arrived = resolve;
    });
    await log.append(TOPIC, [{ key: null, value, partition: 0 }]);
    await arrival;
    took.push(performance.now() - started);
  }
  await consumer.close();
  return percentilesOf(took);
}

async function measure(name: string, log: Log, total: number): Promise<void> {
  await log.ensureTopics([{ name: TOPIC, partitions: PARTITIONS }]);
  const single = await appendOne(log);
  const append = await appendAll(log, total);
  const first = await consumeAll(log);
  const second = await consumeAll(log);
  console.log(
    `${name}: one durable append ${single.toFixed(2)} ms; append ${thousands(append)}; consume ${thousands(first)}, again ${thousands(second)}; append to handler ${await latency(log)}`,
  );
}

const thousands = (rate: number) => `${Math.round(rate / 1000)} k records/s`;

async function embedded(total: number): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), 'driftline-bench-'));
  const log = await createEmbeddedLog({ dir, partitions: PARTITIONS });
  await measure('embedded log', log, total);
  await log.close();
  await rm(dir, { recursive: true });
}

async function kafka(total: number): Promise<void> {
  const broker = await startKafkaBroker();
  const client = { brokers: [broker.bootstrap], clientId: 'bench' };
  const log = createKafkaLog({ ...client, identity: createTopicIdentity(client) });
  await measure('Kafka', log, total);
  await log.close();
  await broker.stop();
}

const { values, positionals } = parseArgs({
  options: { records: { type: 'string', default: '400000' } },
  allowPositionals: true,
});
const chosen = positionals.length === 0 ? ['embedded', 'kafka'] : positionals;
if (chosen.includes('embedded')) await embedded(Number(values.records));
if (chosen.includes('kafka')) await kafka(Number(values.records));

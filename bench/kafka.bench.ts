/**
 * What the aggregator makes of a Kafka client's own speed: `tsx bench/kafka.bench.ts [--encodings json,avro,columnar] [--features
 * 1,20,200] [--processes 1,2] [--raw off,on] [--values N] [--rounds N] [--only PATTERN] [--json] [--prof DIR]`.
 * For each encoding and number of features a broker with a topic of 4 partitions, filled once; then in turn, each in
 * processes of its own: kafkajs, what one would do with its values, the log port, aggregators on a ClickHouse server (the
 * embedded engine behind HTTP, in this process) until all rows are durable, and the engine on one thread fed with as many events
 * as JSON from files (bench/clickhouse). N values (events times features) a topic.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createKafkaLog } from '../lib/adapters/kafka/index.ts';
import { createTopicIdentity } from '../lib/adapters/kafka-metadata/index.ts';
import { TOPICS } from '../lib/core/messages/types.ts';
import { startKafkaBroker } from '../test/support/kafka-broker.ts';
import { Ingest } from './clickhouse/ingest.ts';
import { FASTEST } from './clickhouse/ways.ts';
import { Aggregators } from './kafka/aggregators.ts';
import { type Filled, fill } from './kafka/fill.ts';
import { ReaderProcess } from './kafka/reader-process.ts';
import type { Question } from './kafka/readers.ts';
import { requireAll, serveStore } from './kafka/served-store.ts';
import type { Took } from './pipeline/stopwatch.ts';

const PARTITIONS = 4;
const MOST_EVENTS = 2_000_000;

const { values } = parseArgs({
  options: {
    encodings: { type: 'string', default: 'json,avro' },
    features: { type: 'string', default: '1,20,200' },
    processes: { type: 'string', default: '1,2' },
    raw: { type: 'string', default: 'off,on' },
    values: { type: 'string', default: '6000000' },
    rounds: { type: 'string', default: '3' },
    only: { type: 'string', default: '' },
    json: { type: 'boolean', default: false },
    prof: { type: 'string' },
  },
});

interface Contender {
  name: string;
  run(): Promise<Took>;
  close(): Promise<void>;
}

interface Row extends Took {
  encoding: string;
  features: number;
  name: string;
  least: number;
  most: number;
  /** Of the store's process, µs an event. */
  storeCpu: number;
}

const served = await serveStore();
const { store } = served;

function reading(reader: string, touch: Question['touch'], topic: Omit<Question, 'touch'>): Contender {
  let process: ReaderProcess | null = null;
  const name = touch === 'nothing' ? reader : `${reader} + ${touch}`;
  const run = () => {
    process ??= new ReaderProcess(reader, profileOf(`${reader}-${touch}`));
    return process.read({ ...topic, touch });
  };
  return { name, run, close: async () => process?.close() };
}

function aggregating(
  processes: number,
  predictionLog: boolean,
  { bootstrap, total: records }: Question,
  total: number,
): Contender {
  const name = `${processes} aggregator${processes === 1 ? '' : 's'}, raw log ${predictionLog ? 'on' : 'off'}`;
  let group: Aggregators | null = null;
  const run = async () => {
    group ??= new Aggregators(processes, profileOf(name.replaceAll(/\W+/g, '-')));
    await served.empty();
    const took = await group.run({ bootstrap, storeUrl: served.url, predictionLog }, records);
    await checkAllDurable(total, predictionLog);
    return took;
  };
  return { name, run, close: async () => group?.close() };
}

/** What a user would do instead, with JSON whatever the topic has. */
function ingesting(kind: keyof typeof FASTEST, events: number, features: number, perRecord: number): Contender {
  const size = { events, features, perInsert: 100_000 };
  let ingest: Ingest | null = null;
  const run = async () => {
    ingest ??= new Ingest(FASTEST[kind], size);
    const { rate, cpu } = await ingest.run();
    return { rate: rate / perRecord, cpu: cpu * perRecord };
  };
  return { name: `ClickHouse, ${kind} of JSON`, run, close: async () => ingest?.close() };
}

const profileOf = (name: string) => (values.prof === undefined ? undefined : join(values.prof, name));

async function checkAllDurable(total: number, predictionLog: boolean): Promise<void> {
  await requireAll(served, total);
  const [raw] = await store.query<{ events: number }>('SELECT count() AS events FROM prediction_rows FINAL');
  assert.equal(Number(raw?.events), predictionLog ? total : 0, 'events in the raw log');
}

function contenders(encoding: string, features: number, topic: Question, { records, perRecord }: Filled): Contender[] {
  const total = records * perRecord;
  const touches: Question['touch'][] = [
    'nothing',
    ...(encoding === 'json' ? (['parse'] as const) : []),
    'decode',
    'sketch',
  ];
  const processes = values.processes.split(',').map(Number);
  const raw = values.raw.split(',').map((one) => one === 'on');
  const all = [
    ...touches.map((touch) => reading('kafkajs', touch, topic)),
    ...(['nothing', 'decode', 'sketch'] as const).map((touch) => reading('port', touch, topic)),
    ...raw.flatMap((one) => processes.map((count) => aggregating(count, one, topic, total))),
    ...(['rows', 'digests'] as const).map((kind) => ingesting(kind, total, features, perRecord)),
  ];
  return all.filter(({ name }) => new RegExp(values.only).test(name));
}

async function measure(encoding: string, features: number): Promise<Row[]> {
  // Members of one group join together, or the first reads the topic alone.
  const broker = await startKafkaBroker({ own: true, properties: { 'group.initial.rebalance.delay.ms': '1500' } });
  const client = { brokers: [broker.bootstrap], clientId: 'bench' };
  const log = createKafkaLog({ ...client, identity: createTopicIdentity(client) });
  const wanted = Math.min(MOST_EVENTS, Math.floor(Number(values.values) / features));
  const filled = await fill(log, { encoding, features, total: wanted, partitions: PARTITIONS });
  await log.close();
  const { records, bytes } = filled;
  const total = records * filled.perRecord;
  const topic: Question = { bootstrap: broker.bootstrap, topic: TOPICS.predictions, total: records, touch: 'nothing' };
  const rows = await inTurn(contenders(encoding, features, topic, filled), filled);
  await broker.stop();
  const title = `${total} events of ${features} features as ${encoding}, ${bytes} bytes each`;
  print(title, rows);
  return rows.map((row) => ({ encoding, features, ...row }));
}

async function inTurn(all: Contender[], { records, perRecord }: Filled): Promise<Omit<Row, 'encoding' | 'features'>[]> {
  const results = all.map(() => [] as (Took & { storeCpu: number })[]);
  // The first round warms processes up and is not counted.
  for (let round = 0; round <= Number(values.rounds); round++) {
    for (const [index, contender] of all.entries()) {
      const before = process.cpuUsage();
      const { rate, cpu } = await contender.run();
      const { user, system } = process.cpuUsage(before);
      const storeCpu = (user + system) / (records * perRecord);
      if (round > 0) results[index]!.push({ rate: rate * perRecord, cpu: cpu / perRecord, storeCpu });
    }
  }
  for (const contender of all) await contender.close();
  return all.map(({ name }, index) => {
    const took = results[index]!;
    const rates = took.map(({ rate }) => rate);
    const [least, most] = [Math.min(...rates), Math.max(...rates)];
    return {
      name,
      rate: median(rates),
      least,
      most,
      cpu: median(took.map(({ cpu }) => cpu)),
      storeCpu: median(took.map((one) => one.storeCpu)),
    };
  });
}

function print(title: string, rows: readonly Omit<Row, 'encoding' | 'features'>[]): void {
  const client = rows[0]!;
  const decoded = rows.find(({ name }) => name === 'kafkajs + decode') ?? client;
  console.log(`\n${title}; median of ${values.rounds} rounds in turn (least to most)`);
  console.log(`${''.padEnd(30)}${'events/s'.padStart(28)}  to client  to decode  CPU µs/event  to decode  store's`);
  for (const { name, rate, least, most, cpu, storeCpu } of rows) {
    const cells = [
      `${Math.round(rate)} (${Math.round(least)} to ${Math.round(most)})`.padStart(28),
      (rate / client.rate).toFixed(3).padStart(11),
      (rate / decoded.rate).toFixed(3).padStart(11),
      cpu.toFixed(2).padStart(14),
      (cpu / decoded.cpu).toFixed(3).padStart(11),
      (name.includes('aggregator') ? storeCpu.toFixed(2) : '').padStart(9),
    ];
    console.log(name.padEnd(30) + cells.join(''));
  }
}

function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)]!;
}

const rows: Row[] = [];
for (const encoding of values.encodings.split(',')) {
  for (const features of values.features.split(',')) rows.push(...(await measure(encoding, Number(features))));
}
if (values.json) console.log(JSON.stringify(rows));
await served.close();

/**
 * What the log port makes of a Kafka client's own speed, by clients, with handlers that do nothing:
 * `tsx bench/kafka-read.bench.ts [kafkajs] [port] [platformatic] [bare] [--rounds N] [--json N] [--avro N] [--columnar N] [--prof DIR]`.
 * Each client in a process of its own, in turn. N is how many records a topic has, 0 leaves it out.
 */
import { randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';
import { createKafkaLog } from '../lib/adapters/kafka/index.ts';
import { createTopicIdentity } from '../lib/adapters/kafka-metadata/index.ts';
import type { Log } from '../lib/ports/log.ts';
import { startKafkaBroker } from '../test/support/kafka-broker.ts';
import { ReaderProcess } from './kafka/reader-process.ts';
import type { Took } from './pipeline/stopwatch.ts';

const PARTITIONS = 4;
/** What a producer makes one record batch of, about; bigger records go alone. */
const CALL_BYTES = 256 * 1024;

const { values, positionals } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    json: { type: 'string', default: '1000000' },
    avro: { type: 'string', default: '2000000' },
    columnar: { type: 'string', default: '600' },
    prof: { type: 'string' },
  },
  allowPositionals: true,
});
const readers = positionals.length === 0 ? ['kafkajs', 'port', 'platformatic', 'bare'] : positionals;
const topics = [
  { name: 'json', bytes: 550, total: Number(values.json) },
  { name: 'avro', bytes: 170, total: Number(values.avro) },
  { name: 'columnar', bytes: 1_000_000, total: Number(values.columnar) },
].filter(({ total }) => total > 0);

type Topic = (typeof topics)[number];

async function fill(log: Log, { name, bytes, total }: Topic): Promise<void> {
  await log.ensureTopics([{ name, partitions: PARTITIONS }]);
  const value = randomBytes(bytes);
  const call = Math.max(1, Math.floor(CALL_BYTES / bytes));
  for (let sent = 0; sent < total; sent += call) {
    const at = { key: null, value, timestamp: Date.now() };
    const records = Array.from({ length: Math.min(call, total - sent) }, (_, i) => ({
      ...at,
      partition: (sent + i) % PARTITIONS,
    }));
    await log.append(name, records);
  }
}

async function compare(bootstrap: string, { name, bytes, total }: Topic): Promise<void> {
  const contenders = readers.map((reader) => ({
    reader,
    child: new ReaderProcess(reader, values.prof === undefined ? undefined : `${values.prof}/${name}-${reader}`),
    took: [] as Took[],
  }));
  // The first round warms processes up and is not counted.
  for (let round = 0; round <= Number(values.rounds); round++) {
    for (const { child, took } of contenders) {
      const one = await child.read({ bootstrap, topic: name, total, touch: 'nothing' });
      if (round > 0) took.push(one);
    }
  }
  for (const { child } of contenders) await child.close();
  console.log(
    `\n${total} records of ${bytes} bytes (${name}), median of ${values.rounds} rounds in turn (least to most)`,
  );
  console.log(`${''.padEnd(14)}${'records/s'.padStart(34)}${'ratio'.padStart(8)}   CPU µs/record`);
  const first = median(contenders[0]!.took.map(({ rate }) => rate));
  for (const { reader, took } of contenders) {
    const rates = took.map(({ rate }) => rate).sort((a, b) => a - b);
    const spread = `${Math.round(rates[0]!)} to ${Math.round(rates.at(-1)!)}`;
    const rate = `${Math.round(median(rates))} (${spread})`.padStart(34);
    const ratio = (median(rates) / first).toFixed(2).padStart(8);
    console.log(`${reader.padEnd(14)}${rate}${ratio}   ${median(took.map(({ cpu }) => cpu)).toFixed(3)}`);
  }
}

function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)]!;
}

const broker = await startKafkaBroker({ own: true });
const client = { brokers: [broker.bootstrap], clientId: 'bench' };
const log = createKafkaLog({ ...client, identity: createTopicIdentity(client) });
for (const topic of topics) await fill(log, topic);
await log.close();
for (const topic of topics) await compare(broker.bootstrap, topic);
await broker.stop();

/**
 * What the aggregator makes of the embedded log's own speed, all in one process: `tsx bench/pipeline.bench.ts [--events N]
 * [--rounds N]` (Kafka: kafka.bench.ts). One topic of 4 partitions, filled once; then in turn, so that whatever else the
 * machine does hits all alike: the client alone, the client and JSON.parse, and the aggregator, raw log off and on, until
 * its rows are durable.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { openChdbStore } from '../lib/adapters/chdb/index.ts';
import { createEmbeddedLog } from '../lib/adapters/embedded-log/index.ts';
import { migrate } from '../lib/migrations/index.ts';
import type { Log } from '../lib/ports/log.ts';
import type { Store } from '../lib/ports/store.ts';
import { aggregate } from './pipeline/aggregate.ts';
import { fill } from './pipeline/events.ts';
import { readLog, type Touch } from './pipeline/readers.ts';
import type { Took } from './pipeline/stopwatch.ts';

const PARTITIONS = 4;
const nothing: Touch = () => {};
const parse: Touch = (value) => void JSON.parse(value.toString('utf8'));

const { values } = parseArgs({
  options: { events: { type: 'string', default: '200000' }, rounds: { type: 'string', default: '2' } },
});
const total = Number(values.events);
const rounds = Number(values.rounds);

type Contender = [name: string, run: () => Promise<Took>];

async function compare(title: string, contenders: readonly Contender[]): Promise<void> {
  const results = contenders.map(([name]) => ({ name, took: [] as Took[] }));
  for (let round = 0; round < rounds; round++) {
    for (const [i, [, run]] of contenders.entries()) results[i]!.took.push(await run());
  }
  console.log(`\n${title}: ${total} events, best of ${rounds} rounds in turn`);
  console.log(`${''.padEnd(30)}   events/s  to client  to parse  CPU µs/event  to client  to parse`);
  const best = results.map(({ name, took }) => ({
    name,
    rate: Math.max(...took.map(({ rate }) => rate)),
    cpu: Math.min(...took.map(({ cpu }) => cpu)),
  }));
  const [client, parsed] = [best[0]!, best[1]!];
  for (const { name, rate, cpu } of best) {
    const cells = [
      Math.round(rate).toString().padStart(11),
      (rate / client.rate).toFixed(3).padStart(11),
      (rate / parsed.rate).toFixed(3).padStart(10),
      cpu.toFixed(1).padStart(14),
      (cpu / client.cpu).toFixed(2).padStart(11),
      (cpu / parsed.cpu).toFixed(2).padStart(10),
    ];
    console.log(name.padEnd(30) + cells.join(''));
  }
}

function aggregators(log: Log, store: Store): Contender[] {
  return [
    ['aggregator, raw log off', () => aggregate(log, store, total, PARTITIONS, false)],
    ['aggregator, raw log on', () => aggregate(log, store, total, PARTITIONS, true)],
  ];
}

async function embedded(dir: string, store: Store): Promise<void> {
  const log = await createEmbeddedLog({ dir: join(dir, 'log'), partitions: PARTITIONS });
  await fill(log, total, PARTITIONS);
  await compare('embedded log', [
    ['its consumer alone', () => readLog(log, total, nothing)],
    ['its consumer and JSON.parse', () => readLog(log, total, parse)],
    ...aggregators(log, store),
  ]);
  await log.close();
}

const dir = await mkdtemp(join(tmpdir(), 'driftline-bench-'));
const store = await openChdbStore({ dir: join(dir, 'store'), database: 'driftline', readers: 2 });
await migrate(store);
await embedded(dir, store);
await store.close();
await rm(dir, { recursive: true });

/**
 * What an aggregator holds: `tsx bench/memory.bench.ts [--features 20,200] [--segments 0,50] [--windows 1,2] [--values N] [--raw on]
 * [--json]`. For each combination a Kafka topic of 4 partitions with N values (events times features) of JSON, of a declared
 * model whose windows are all open at once, read by one aggregator process as fast as it can until all rows are durable.
 * Memory as the process itself tells it: resident, heap and buffers, at their greatest. Fails beyond 512 MB.
 */
import assert from 'node:assert/strict';
import { parseArgs } from 'node:util';
import { openCsv } from '../lib/adapters/csv/index.ts';
import { createKafkaLog } from '../lib/adapters/kafka/index.ts';
import { createTopicIdentity } from '../lib/adapters/kafka-metadata/index.ts';
import { systemClock } from '../lib/ports/clock.ts';
import { registerDeclared } from '../lib/registry/index.ts';
import { configWith } from '../test/support/config.ts';
import { startKafkaBroker } from '../test/support/kafka-broker.ts';
import { declareModel } from './declared/model.ts';
import { Aggregators } from './kafka/aggregators.ts';
import { serveStore } from './kafka/served-store.ts';
import type { VitalSigns } from './kafka/vitals.ts';
import { fillShape, HOUR, type Shape } from './memory/fill.ts';

const { values } = parseArgs({
  options: {
    features: { type: 'string', default: '20,200' },
    segments: { type: 'string', default: '0,50' },
    windows: { type: 'string', default: '1,2' },
    values: { type: 'string', default: '10000000' },
    raw: { type: 'string', default: 'on' },
    json: { type: 'boolean', default: false },
  },
});
const PARTITIONS = 4;
const MEBIBYTE = 1024 * 1024;
const LIMIT = 512 * MEBIBYTE;

interface Row extends Shape, VitalSigns {
  events: number;
  /** Rows of the ledger. */
  rows: number;
}

const served = await serveStore();

async function measure(shape: Shape): Promise<Row> {
  const { features, segments } = shape;
  const declared = declareModel(served.dir, { features, windowMs: HOUR, segments: segments > 0 });
  const { store } = served;
  await served.empty();
  await registerDeclared({ config: configWith(declared), store, clock: systemClock, openTable: openCsv });
  const broker = await startKafkaBroker({ own: true });
  const client = { brokers: [broker.bootstrap], clientId: 'bench' };
  const log = createKafkaLog({ ...client, identity: createTopicIdentity(client) });
  const events = Math.floor(Number(values.values) / features);
  await fillShape(log, shape, events, PARTITIONS);
  await log.close();
  const group = new Aggregators(1);
  const predictionLog = values.raw === 'on';
  const { models } = declared;
  const { vitals } = await group.run(
    { bootstrap: broker.bootstrap, storeUrl: served.url, predictionLog, models },
    events,
  );
  await group.close();
  await broker.stop();
  return { ...shape, ...vitals[0]!, events, rows: await check(shape, events) };
}

/** All events are counted, in as many windows and segments as there are; resolves to the ledger's rows. */
async function check({ segments, windows }: Shape, events: number): Promise<number> {
  const [found] = await served.store.query<{ events: number; windows: number; segments: number; rows: number }>(
    `SELECT toFloat64(sumIf(count, feature = '' AND segment = '')) AS events, toFloat64(uniqExact(window_start)) AS windows,
       toFloat64(uniqExactIf(segment, segment != '')) AS segments, toFloat64(count()) AS rows FROM chunk_rows FINAL`,
  );
  const { rows, ...counted } = found!;
  assert.deepEqual(counted, { events, windows, segments });
  return rows;
}

const inMegabytes = (bytes: number, width: number) => String(Math.round(bytes / MEBIBYTE)).padStart(width);

function print(row: Row): void {
  const { features, segments, windows, events, rows, beganRss, peakRss, peakHeap, peakBuffers } = row;
  const shape = [features, segments, windows, events, rows].map((one) => String(one).padStart(10)).join('');
  console.log(shape + [beganRss, peakRss, peakHeap, peakBuffers].map((one) => inMegabytes(one, 12)).join(''));
}

console.log(`\n4 partitions, one aggregator, raw log ${values.raw}; MiB`);
const heads = ['features', 'segments', 'windows', 'events', 'rows'].map((head) => head.padStart(10));
console.log([...heads, ...['RSS at rest', 'RSS', 'heap', 'buffers'].map((head) => head.padStart(12))].join(''));
const list = (text: string) => text.split(',').map(Number);
const results: Row[] = [];
for (const features of list(values.features)) {
  for (const segments of list(values.segments)) {
    for (const windows of list(values.windows)) {
      const row = await measure({ features, segments, windows });
      print(row);
      results.push(row);
    }
  }
}
await served.close();
if (values.json) console.log(JSON.stringify(results));
const most = Math.max(...results.map(({ peakRss }) => peakRss));
assert.ok(most <= LIMIT, `an aggregator took ${Math.round(most / MEBIBYTE)} MiB`);

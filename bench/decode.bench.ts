/**
 * What reading events costs: `tsx bench/decode.bench.ts [--rounds N] [--features N] [--only WAY] [--json]`. CPU time of this process in ns a
 * prediction, the ways in turn; the least of all rounds, with the median. "Ours" goes from bytes to the columns of a
 * block; the libraries stop at objects, without the validation that comes on top.
 */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import avsc from 'avsc';
import { crc64Avro } from '../lib/adapters/avro/fingerprint.ts';
import { createCodec } from '../lib/adapters/avro/index.ts';
import { PredictionBlock } from '../lib/core/events/block.ts';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '15' },
    features: { type: 'string', default: '20' },
    only: { type: 'string', default: '' },
    json: { type: 'boolean', default: false },
  },
});
const ROUNDS = Number(values.rounds);
const FEATURES = Number(values.features);
const EVENTS = 4_000;
const BATCH_ROWS = 1_000;
/** Times that a round reads all events: it has to be long against the clock's grain. */
const REPEATS = Math.max(1, Math.round(200 / FEATURES));

/** A producer's own record: an id, a time and the features as fields. */
const FLAT = {
  type: 'record',
  name: 'Scored',
  fields: [
    { name: 'id', type: 'string' },
    { name: 'ts', type: 'long' },
    { name: 'score', type: 'double' },
    ...Array.from({ length: FEATURES }, (_, index) => ({ name: `feature_${index}`, type: 'double' })),
  ],
};
const FLAT_ID = 1;
const codec = createCodec({
  encoding: 'json',
  registry: { schema: async () => ({ type: 'AVRO', texts: [JSON.stringify(FLAT)] }) },
  records: [
    {
      schema: 'Scored',
      model: 'bench',
      fields: { prediction_id: 'id', timestamp: 'ts', score: 'score' },
      ignore: [],
    },
  ],
});
await codec.askForSchema(FLAT_ID);
const schemaOf = (file: string): avsc.Schema =>
  JSON.parse(readFileSync(new URL(`../schemas/${file}`, import.meta.url), 'utf8')) as avsc.Schema;
const singleType = avsc.Type.forSchema(schemaOf('prediction.avsc'), { wrapUnions: 'always' });
const batchType = avsc.Type.forSchema(schemaOf('prediction-batch.avsc'));

const flatType = avsc.Type.forSchema(FLAT as avsc.Schema);

const names = Array.from({ length: FEATURES }, (_, index) => `feature_${index}`);
const valuesOf = (row: number): number[] => names.map((_, index) => Math.sin(row * 31 + index) * 1000);

/** Of the single-object encoding. */
function headerOf(type: avsc.Type): Buffer {
  const header = Buffer.from([0xc3, 0x01, 0, 0, 0, 0, 0, 0, 0, 0]);
  header.writeBigUInt64LE(crc64Avro(JSON.stringify(type.schema())), 2);
  return header;
}

const singleHeader = headerOf(singleType);
const batchHeader = headerOf(batchType);

const idOf = (row: number): string => `prediction-${String(row).padStart(8, '0')}`;

function event(row: number, wrap: (value: number) => unknown): Record<string, unknown> {
  const features = Object.fromEntries(valuesOf(row).map((value, index) => [names[index]!, wrap(value)]));
  return { prediction_id: idOf(row), model: 'bench', version: '1', timestamp: 1_540_922_400_000 + row, features };
}

function avroEvent(row: number): Buffer {
  const prediction = { 'driftline.Output': { label: null, score: { double: 0.5 }, value: null, probabilities: null } };
  const rest = { role: 'champion', request_id: null, segments: {}, protected: {}, latency_ms: null, error: null };
  const wrapped = event(row, (double) => ({ double }));
  return Buffer.concat([
    singleHeader,
    singleType.toBuffer({ ...wrapped, ...rest, prediction, label: null, attributions: null }),
  ]);
}

function flatEvent(row: number): Buffer {
  const features = Object.fromEntries(valuesOf(row).map((value, index) => [names[index]!, value]));
  const body = flatType.toBuffer({ id: idOf(row), ts: 1_540_922_400_000 + row, score: 0.5, ...features });
  return Buffer.concat([Buffer.from([0, 0, 0, 0, FLAT_ID]), body]);
}

function jsonEvent(row: number): Buffer {
  return Buffer.from(JSON.stringify({ ...event(row, (value) => value), prediction: { score: 0.5 } }));
}

function batchOf(first: number): Buffer {
  const rows = Array.from({ length: BATCH_ROWS }, (_, index) => first + index);
  const all = rows.map(valuesOf);
  const column = (name: string, items: readonly number[]) => {
    const bytes = Buffer.alloc(items.length * 8);
    for (const [index, item] of items.entries()) bytes.writeDoubleLE(item, index * 8);
    return { name, kind: 'numeric', values: bytes, dictionary: [], missing: Buffer.alloc(0) };
  };
  const timestamps = Buffer.alloc(rows.length * 8);
  for (const [index, row] of rows.entries()) timestamps.writeBigInt64LE(BigInt(1_540_922_400_000 + row), index * 8);
  const columns = names.map((name, index) =>
    column(
      name,
      all.map((one) => one[index]!),
    ),
  );
  columns.push(
    column(
      'prediction.score',
      rows.map(() => 0.5),
    ),
  );
  const rest = { model: 'bench', version: '1', role: 'champion' };
  const batch = { ...rest, prediction_ids: rows.map(idOf), timestamps, columns };
  return Buffer.concat([batchHeader, batchType.toBuffer(batch)]);
}

interface Way {
  name: string;
  records: readonly Buffer[];
  /** Predictions in all of them. */
  events: number;
  read(record: Buffer): void;
}

/** Bytes to columns; the block is emptied when it is full, as a chunk would. */
function ours(texts = false): (record: Buffer) => void {
  const reader = codec.predictionReader({ texts });
  const block = new PredictionBlock();
  return (record) => {
    let outcome = reader.read(record, 0, 0, block);
    if (outcome === 'full') {
      block.clear();
      outcome = reader.read(record, 0, 0, block);
    }
    if (outcome !== 'read') throw new Error(JSON.stringify(outcome));
  };
}

/** Records of a fetch lie in one piece of memory. */
function together(records: readonly Buffer[]): Buffer[] {
  const whole = Buffer.concat(records);
  let end = 0;
  return records.map((record) => {
    end += record.length;
    return whole.subarray(end - record.length, end);
  });
}

const rows = Array.from({ length: EVENTS }, (_, row) => row);
const json = together(rows.map(jsonEvent));
const avro = together(rows.map(avroEvent));
const flat = together(rows.map(flatEvent));
const batches = together(rows.filter((row) => row % BATCH_ROWS === 0).map(batchOf));
const ALL: readonly Way[] = [
  {
    name: 'json: JSON.parse',
    records: json,
    events: EVENTS,
    read: (record) => void JSON.parse(record.toString('utf8')),
  },
  { name: 'json: ours', records: json, events: EVENTS, read: ours() },
  {
    name: 'avro: avsc',
    records: avro,
    events: EVENTS,
    read: (record) => void singleType.fromBuffer(record.subarray(10)),
  },
  { name: 'flat: avsc', records: flat, events: EVENTS, read: (record) => void flatType.fromBuffer(record.subarray(5)) },
  { name: 'flat: ours', records: flat, events: EVENTS, read: ours() },
  { name: 'avro: ours', records: avro, events: EVENTS, read: ours() },
  { name: 'avro: ours, as JSON too', records: avro, events: EVENTS, read: ours(true) },
  {
    name: 'batch: avsc',
    records: batches,
    events: EVENTS,
    read: (record) => void batchType.fromBuffer(record.subarray(10)),
  },
  { name: 'batch: ours', records: batches, events: EVENTS, read: ours() },
  { name: 'batch: ours, as JSON too', records: batches, events: EVENTS, read: ours(true) },
];

const WAYS = ALL.filter(({ name }) => values.only === '' || name === values.only);

/** ns of CPU a prediction. */
function round({ records, events, read }: Way): number {
  const before = process.cpuUsage();
  for (let repeat = 0; repeat < REPEATS; repeat++) for (const record of records) read(record);
  const { user, system } = process.cpuUsage(before);
  return ((user + system) * 1000) / (events * REPEATS);
}

const took = new Map(WAYS.map((way) => [way, [] as number[]]));
for (let i = 0; i < ROUNDS; i++) for (const way of WAYS) took.get(way)!.push(round(way));
const results = WAYS.map((way) => {
  const sorted = took.get(way)!.sort((a, b) => a - b);
  return { way: way.name, features: FEATURES, ns: sorted[0]!, median: sorted[Math.floor(sorted.length / 2)]! };
});
if (values.json) console.log(JSON.stringify(results));
else
  for (const { way, ns, median } of results)
    console.log(`${way.padEnd(26)} ${ns.toFixed(1)} ns (median ${median.toFixed(1)})`);

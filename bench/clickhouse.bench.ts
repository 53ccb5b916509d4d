/**
 * What a user would do instead: `tsx bench/clickhouse.bench.ts [--features 20] [--events N] [--per-insert N] [--rounds N] [--json]`.
 * The JSON of bench/kafka, as files, into the ClickHouse engine on one thread: as raw rows and as t-digests by feature and
 * minute, each in several ways, in turn, and from flat Avro too. Rate, CPU of all threads (merges behind the inserts
 * too), and the bytes that stay of an event once all is merged. Every way must count all events and tell the same median.
 */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { EngineProcess } from './clickhouse/engine-process.ts';
import { type Files, writeFiles } from './clickhouse/files.ts';
import { type Way, waysOf } from './clickhouse/ways.ts';

const { values } = parseArgs({
  options: {
    features: { type: 'string', default: '20' },
    events: { type: 'string', default: '600000' },
    'per-insert': { type: 'string', default: '100000' },
    rounds: { type: 'string', default: '3' },
    json: { type: 'boolean', default: false },
  },
});

interface Took {
  /** Events a second. */
  rate: number;
  /** µs an event. */
  cpu: number;
  /** Stored of an event, and what merging them to the end cost beyond `cpu`. */
  bytes: number;
  mergeCpu: number;
}

async function once(engine: EngineProcess, way: Way, files: Files): Promise<Took> {
  await engine.run(`TRUNCATE TABLE ${way.table}`);
  const { ms, cpu } = await engine.run(...files[way.format].map((path) => way.insert(path)));
  const merging = await engine.run(`OPTIMIZE TABLE ${way.table} FINAL`);
  await check(engine, way, files.events);
  const parts = await engine.run(
    `SELECT sum(bytes_on_disk) AS bytes FROM system.parts WHERE active AND database = 'bench' AND table = '${way.table}'`,
  );
  const [{ bytes }] = parts.rows as [{ bytes: number }];
  const { events } = files;
  return { rate: (events / ms) * 1000, cpu: cpu / events, bytes: bytes / events, mergeCpu: merging.cpu / events };
}

/** Features are even between 0 and 100. */
async function check(engine: EngineProcess, { name, check: sql }: Way, expected: number): Promise<void> {
  const { rows } = await engine.run(sql);
  const [{ events, median }] = rows as [{ events: number; median: number }];
  assert.equal(events, expected, `${name}: events`);
  assert.ok(Math.abs(median - 50) < 2, `${name}: a median of ${median}`);
}

const medianOf = (numbers: readonly number[]) => [...numbers].sort((a, b) => a - b)[numbers.length >> 1]!;

function print(ways: readonly Way[], took: readonly Took[][], jsonBytes: number): void {
  console.log(
    `${''.padEnd(38)}${'events/s (least to most)'.padStart(30)}  CPU µs/event  merging  bytes/event  of JSON`,
  );
  for (const [index, { name }] of ways.entries()) {
    const of = (key: keyof Took) => took[index]!.map((one) => one[key]);
    const rates = of('rate');
    const rate = [medianOf(rates), Math.min(...rates), Math.max(...rates)].map(Math.round);
    const bytes = medianOf(of('bytes'));
    const cells = [
      `${rate[0]} (${rate[1]} to ${rate[2]})`.padStart(30),
      medianOf(of('cpu')).toFixed(2).padStart(14),
      medianOf(of('mergeCpu')).toFixed(2).padStart(9),
      bytes.toFixed(2).padStart(13),
      `${((100 * bytes) / jsonBytes).toFixed(2)} %`.padStart(9),
    ];
    console.log(name.padEnd(38) + cells.join(''));
  }
}

const dir = await mkdtemp(join(tmpdir(), 'driftline-bench-'));
const size = {
  events: Number(values.events),
  features: Number(values.features),
  perInsert: Number(values['per-insert']),
};
const files = await writeFiles(dir, size, true);
const ways = waysOf(size.features);
const engine = new EngineProcess(join(dir, 'engine'));
for (const { create } of ways) await engine.run(...create);
const took = ways.map((): Took[] => []);
// The first round warms up and is not counted.
for (let round = 0; round <= Number(values.rounds); round++) {
  for (const [index, way] of ways.entries()) {
    const one = await once(engine, way, files);
    if (round > 0) took[index]!.push(one);
  }
}
await engine.close();
await rm(dir, { recursive: true });
const { jsonBytes } = files;
console.log(
  `\n${size.events} events of ${size.features} features, ${Math.round(jsonBytes)} bytes of JSON each, ${size.perInsert} an insert, ` +
    `the engine on one thread; medians of ${values.rounds} rounds in turn`,
);
print(ways, took, jsonBytes);
if (values.json) console.log(JSON.stringify(ways.map(({ name }, index) => ({ name, took: took[index] }))));

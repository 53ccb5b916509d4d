/**
 * How much of what a stream needs: `tsx bench/capacity.bench.ts [--encodings json,avro,columnar] [--values N] [--rounds 2] [--json]`.
 * Measures what an event, a column and a row of the ledger cost one aggregator and its store (full topics of events with 5
 * and with 100 features, raw log off and on, and a slow stream), tells by the model of capacity/model.ts what two other sizes
 * would cost, runs these (20 and 50 features, raw log off and on), prints the table, and
 * fails where the model is off by more than a third (of the store: a factor of two). N values (events times features) a topic.
 */
import assert from 'node:assert/strict';
import { parseArgs } from 'node:util';
import {
  at,
  type Costs,
  capacityOf,
  type Demand,
  eventLine,
  type Live,
  lineThrough,
  predicted,
  type Sample,
  solveLive,
} from './capacity/model.ts';
import { measureFull, measureSlow } from './capacity/samples.ts';
import { ledger, stays } from './capacity/stored.ts';
import { serveStore } from './kafka/served-store.ts';

const { values } = parseArgs({
  options: {
    encodings: { type: 'string', default: 'json,avro,columnar' },
    values: { type: 'string', default: '4000000' },
    rounds: { type: 'string', default: '2' },
    json: { type: 'boolean', default: false },
  },
});
const [SMALL, LARGE] = [5, 100];
const CHECKED = [20, 50];
const TOLERANCE = 1 / 3;
/** Merges behind the inserts fall into one run or another. */
const STORE_TOLERANCE = 1;
const RATES = [1_000, 10_000, 100_000, 1_000_000];

const served = await serveStore();
const sizes = { values: Number(values.values), rounds: Number(values.rounds) };
const [narrow, wide] = [await measureSlow(served, 20, 1000), await measureSlow(served, 200, 400)];
let live: Live | null = null;
const full = (encoding: string, features: number, rawLog: boolean) =>
  measureFull(served, { encoding, features, rawLog, ...sizes });

/** JSON first: the slow streams are of it. */
async function costsOf(encoding: string): Promise<Costs> {
  const [small, large] = [await full(encoding, SMALL, false), await full(encoding, LARGE, false)];
  const [smallRaw, largeRaw] = [await full(encoding, SMALL, true), await full(encoding, LARGE, true)];
  const none = { base: 0, column: 0 };
  live ??= solveLive(narrow, wide, small, large);
  const known = { event: eventLine(small, large, live), live, raw: none, rawStore: none, rawBytes: none };
  const beyond = (key: 'cpu' | 'storeCpu') =>
    lineThrough(smallRaw, largeRaw, (sample) => sample[key] - predicted(known, sample, false)[key]);
  const rawBytes = lineThrough(smallRaw, largeRaw, (sample) => sample.rawBytes);
  return { ...known, raw: beyond('cpu'), rawStore: beyond('storeCpu'), rawBytes };
}

const isWithin = (ratio: number, tolerance: number) => Math.abs(Math.log(ratio)) < Math.log(1 + tolerance);

interface Check {
  encoding: string;
  features: number;
  rawLog: boolean;
  told: { cpu: number; storeCpu: number };
  measured: Sample;
  /** Of what the model tells to what was measured: aggregator and store. */
  ratio: number;
  store: number;
}

async function check(encoding: string, costs: Costs): Promise<Check[]> {
  const checks: Check[] = [];
  for (const features of CHECKED) {
    for (const rawLog of [false, true]) {
      const sample = await full(encoding, features, rawLog);
      const told = predicted(costs, sample, rawLog);
      const ratio = told.cpu / sample.cpu;
      const store = told.storeCpu / sample.storeCpu;
      const raw = rawLog ? 'on' : 'off';
      console.log(
        `${encoding}, ${features} features, raw log ${raw}: ${told.cpu.toFixed(2)} + ${told.storeCpu.toFixed(2)} µs an event by the model, ` +
          `${sample.cpu.toFixed(2)} + ${sample.storeCpu.toFixed(2)} measured, ratios ${ratio.toFixed(2)} and ${store.toFixed(2)}`,
      );
      checks.push({ encoding, features, rawLog, told, measured: sample, ratio, store });
    }
  }
  return checks;
}

function printCosts(encoding: string, costs: Costs): void {
  const { live } = costs;
  const line = ({ base, column }: { base: number; column: number }) =>
    `${base.toFixed(2)} + ${column.toFixed(3)} a column`;
  console.log(
    `\n${encoding}: an event ${line(costs.event)} µs; with the raw log ${line(costs.raw)} µs more, of the store ${line(costs.rawStore)} µs; ` +
      `a row of the ledger ${live.row.toFixed(0)} µs, of the store ${live.rowStore.toFixed(0)} µs; being there ${live.cores.toFixed(3)} cores ` +
      `a process, the store ${live.storeCores.toFixed(3)}`,
  );
}

/** GB. Windows and scores stay 30 days, the ledger 8, the raw log 90. */
function disk(costs: Costs, demand: Demand, partitions: number): number[] {
  const [stay, made] = [stays(demand) / 1e9, ledger(demand, partitions) / 1e9];
  const raw = demand.rawLog ? (demand.rate * 86_400 * at(costs.rawBytes, demand.columns)) / 1e9 : 0;
  return [stay, made, raw, 30 * stay + 8 * made + 90 * raw];
}

function printTable(encoding: string, costs: Costs): void {
  const head = ['events/s', 'raw log', 'partitions', 'processes', 'cores', 'store cores', 'core-h/10⁹'];
  const disks = ['windows', 'ledger', 'raw log', 'GB in all'];
  console.log(
    `\n${encoding}, a model of 20 features, score and label, one-minute windows, no segments; GB a day of each`,
  );
  console.log([...head, ...disks].map((one) => one.padStart(12)).join(''));
  for (const rawLog of [false, true]) {
    for (const rate of RATES) {
      const demand = { rate, columns: 22, segments: 0, models: 1, rawLog };
      const found = capacityOf(costs, demand);
      const cells = [
        ...[rate, rawLog ? 'on' : 'off', found.partitions, found.processes].map(String),
        ...[found.aggregatorCores, found.storeCores, found.coreHours].map((one) => one.toFixed(2)),
        ...disk(costs, demand, found.partitions).map((one) => one.toFixed(1)),
      ];
      console.log(cells.map((cell) => cell.padStart(12)).join(''));
    }
  }
}

const results = [];
for (const encoding of values.encodings.split(',')) {
  const costs = await costsOf(encoding);
  printCosts(encoding, costs);
  const checks = await check(encoding, costs);
  printTable(encoding, costs);
  results.push({ encoding, costs, checks });
}
await served.close();
if (values.json) console.log(JSON.stringify(results));
for (const { checks } of results) {
  for (const { encoding, features, ratio, store } of checks) {
    const isNear = isWithin(ratio, TOLERANCE) && isWithin(store, STORE_TOLERANCE);
    assert.ok(isNear, `${encoding}, ${features} features: the model is off by ${ratio}, of the store by ${store}`);
  }
}

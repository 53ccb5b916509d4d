/**
 * What inserting costs by format: `tsx bench/inserts.bench.ts [--rounds N] [--small]`. Ledger rows and rows of the raw
 * prediction log, into the embedded engine and over HTTP (driftline sql-server, in this process too), the formats in turn;
 * medians with least and most. CPU is that of the whole process, the engine's threads included. At the end all formats
 * must have stored the same.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { openChdbStore } from '../lib/adapters/chdb/index.ts';
import { createClickHouseStore } from '../lib/adapters/clickhouse/index.ts';
import { migrate } from '../lib/migrations/index.ts';
import type { Store } from '../lib/ports/store.ts';
import { createSqlServer } from '../services/sql/index.ts';
import { type Case, predictionRows, type Rows, sketchRows } from './inserts/cases.ts';
import { otherWays, storeWays, type Way } from './inserts/ways.ts';

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '9' }, small: { type: 'boolean', default: false } },
});
const rounds = Number(values.rounds);
const scale = values.small ? 0.1 : 1;
const CASES = [
  sketchRows(10_000 * scale, 100),
  sketchRows(2_000 * scale, 10_000),
  sketchRows(20, 10_000),
  predictionRows(20_000 * scale),
  predictionRows(4_000 * scale),
];

interface Took {
  rate: number;
  cpu: number;
}

async function time(way: Way, rows: Rows): Promise<Took> {
  const [started, cpu] = [performance.now(), process.cpuUsage()];
  await way.insert(rows);
  const { user, system } = process.cpuUsage(cpu);
  return { rate: (rows.count / (performance.now() - started)) * 1000, cpu: (user + system) / rows.count };
}

const sorted = (numbers: readonly number[]) => [...numbers].sort((a, b) => a - b);
const median = (numbers: readonly number[]) => sorted(numbers)[Math.floor(numbers.length / 2)]!;

function spread(numbers: readonly number[], digits: number): string {
  const shown = sorted(numbers);
  return `${median(shown).toFixed(digits)} (${shown[0]!.toFixed(digits)}–${shown.at(-1)!.toFixed(digits)})`;
}

async function compare(store: Store, bench: Case, ways: readonly Way[]): Promise<void> {
  const took = new Map(ways.map((way) => [way, [] as Took[]]));
  for (let round = 0; round <= rounds; round++) {
    const rows = bench.rows(round);
    for (const way of ways) {
      const result = await time(way, rows);
      // The first round warms up.
      if (round > 0) took.get(way)!.push(result);
      await keep(store, bench, way.name);
    }
  }
  await requireSame(store, bench, ways.length, rounds + 1);
  const baseline = took.get(ways[0]!)!;
  for (const [way, results] of took) {
    const ratio = (pick: (result: Took) => number) => median(results.map(pick)) / median(baseline.map(pick));
    const cells = [
      spread(
        results.map(({ rate }) => rate),
        0,
      ).padStart(28),
      ratio(({ rate }) => rate)
        .toFixed(2)
        .padStart(8),
      spread(
        results.map(({ cpu }) => cpu),
        1,
      ).padStart(30),
      ratio(({ cpu }) => cpu)
        .toFixed(2)
        .padStart(8),
    ];
    console.log(way.name.padEnd(18) + cells.join(''));
  }
}

/** Puts what was stored aside as one number, and empties the table: merges of earlier rows are nobody's cost. */
async function keep(store: Store, { table }: Case, way: string): Promise<void> {
  await store.command(
    `INSERT INTO bench_sums SELECT {name:String}, {way:String}, count(), sum(cityHash64(toString(tuple(*))))
     FROM (SELECT * EXCEPT ingested_at FROM ${table})`,
    { name: table, way },
  );
  await store.command(`TRUNCATE TABLE ${table}`);
}

async function requireSame(store: Store, { title }: Case, ways: number, expected: number): Promise<void> {
  const sums = await store.query<{ times: number }>(
    'SELECT n, groupArray(way) AS ways, count() AS times FROM bench_sums GROUP BY n, hash',
  );
  await store.command('TRUNCATE TABLE bench_sums');
  const same = sums.length === expected && sums.every(({ times }) => times === ways);
  if (!same) throw new Error(`${title}: the formats have not stored the same rows: ${JSON.stringify(sums)}`);
}

function head(title: string): void {
  console.log(`\n${title}, medians of ${rounds} rounds in turn (least–most)`);
  console.log(
    `${''.padEnd(18)}${'rows/s'.padStart(28)}${'ratio'.padStart(8)}${'CPU µs/row'.padStart(30)}${'ratio'.padStart(8)}`,
  );
}

const dir = await mkdtemp(join(tmpdir(), 'driftline-bench-'));
const embedded = await openChdbStore({ dir, database: 'driftline', readers: 2 });
await migrate(embedded);
await embedded.command('CREATE TABLE bench_sums (name String, way String, n UInt64, hash UInt64) ENGINE = Memory');
const server = createSqlServer({
  engine: embedded.engine,
  host: '127.0.0.1',
  port: 0,
  writable: true,
  database: 'driftline',
});
await server.start();
const remote = createClickHouseStore({ url: server.url, database: 'driftline', username: 'default', password: '' });
const session = embedded.engine.session();
await session.run('USE driftline; SET max_query_size = 268435456');
for (const bench of CASES) {
  head(`${bench.title}, embedded`);
  await compare(embedded, bench, [...storeWays(embedded, bench), ...otherWays(session, bench)]);
  head(`${bench.title}, over HTTP`);
  await compare(embedded, bench, storeWays(remote, bench));
}
session.close();
await remote.close();
await server.stop();
await embedded.close();
await rm(dir, { recursive: true });

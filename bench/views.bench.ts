/**
 * What the views cost that keep one row of each key (decision 0009), beside the plain union of sealed and ledger rows that they
 * are made of: `tsx bench/views.bench.ts [--rounds N]`. Embedded engine, best of the rounds: wall clock and, less disturbed by
 * other processes, CPU of all threads, in ms.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { openChdbStore } from '../lib/adapters/chdb/index.ts';
import { migrate } from '../lib/migrations/index.ts';
import type { Store } from '../lib/ports/store.ts';

const MODELS = 3;
const WINDOWS = 334;
const FEATURES = 60;
/** With the one for all events. */
const SEGMENTS = 9;
/** The ledger holds the last windows of each model, the last of all unsealed. */
const LEDGER_WINDOWS = 68;
const UNSEALED_WINDOWS = 2;
const PARTITIONS = 4;
const KEY = 'model, window_start, window_end, version, role, feature, segment';
const KNOTS = 'arrayMap(i -> i / 16, range(16))';
const LAST_DAY = `window_start >= toDateTime64(${86_400 * 30 + (WINDOWS - 24) * 3_600}, 3, 'UTC')`;

const QUERIES: [what: string, view: string, select: string, where: string][] = [
  ['`operations`, everything', 'operations', 'sum(events), sum(errors)', '1'],
  ['`operations`, one model', 'operations', 'sum(events), sum(errors)', "model = 'm1'"],
  ['`operations`, one model, last day', 'operations', 'sum(events)', `model = 'm1' AND ${LAST_DAY}`],
  ['`feature_stats`, count and sum of everything', 'feature_stats', 'count(), sum(count)', '1'],
  ['`feature_stats`, mean by feature of everything', 'feature_stats', 'avg(mean)', '1 GROUP BY feature'],
  ['`feature_stats`, one feature of one model', 'feature_stats', 'avg(mean)', "model = 'm1' AND feature = 'f7'"],
  ['`feature_stats`, one model, last day', 'feature_stats', 'avg(mean)', `model = 'm1' AND ${LAST_DAY}`],
];

/** Rows of windows [from, to) of every model: one for the window itself, one for each feature and segment. */
function rows(from: number, to: number, partitions: number): string {
  const keys = FEATURES * SEGMENTS + 1;
  return `SELECT concat('m', toString(number % ${MODELS})) AS model,
    toDateTime64(86400 * 30 + 3600 * (${from} + intDiv(number, ${MODELS}) % ${to - from}), 3, 'UTC') AS window_start,
    window_start + INTERVAL 1 HOUR AS window_end, '1' AS version, 'champion' AS role,
    intDiv(number, ${MODELS * (to - from)}) % ${keys} AS place,
    if(place = 0, '', concat('f', toString((place - 1) % ${FEATURES}))) AS feature,
    if(place <= ${FEATURES}, '', concat('s=', toString(intDiv(place - 1, ${FEATURES})))) AS segment,
    toUInt32(intDiv(number, ${MODELS * (to - from) * keys})) AS partition,
    1000 AS count, 1000 AS n, place / 7 AS mean, 3.5 AS m2, ${KNOTS} AS values, ${KNOTS} AS at_or_below
    FROM numbers(${MODELS * (to - from) * keys * partitions})`;
}

async function fill(store: Store): Promise<void> {
  const columns = `${KEY}, count, n, mean, m2, values, at_or_below`;
  await store.command(
    `INSERT INTO window_rows (${columns}, state, covered, ingested_at)
     SELECT ${columns}, 'complete', 1, now() - 3600 FROM (${rows(0, WINDOWS - UNSEALED_WINDOWS, 1)})`,
  );
  await store.command(
    `INSERT INTO chunk_rows (${columns}, topic, incarnation, partition, chunk_start, spec_id, covered)
     SELECT ${columns}, 't', 'i', partition, 0, 's', 1 FROM (${rows(WINDOWS - LEDGER_WINDOWS, WINDOWS, PARTITIONS)})`,
  );
  const manifests = Array.from({ length: PARTITIONS }, (_, partition) => ({ partition }));
  const chunk = { topic: 't', incarnation: 'i', chunk_start: 0, group_generation: 1, spec_id: 's', reach: 1 };
  await store.insert(
    'manifest_rows',
    manifests.map((manifest) => ({ ...chunk, ...manifest, passed: 0, closed: 0 })),
  );
}

/** The view as it would be without the GROUP BY that keeps one row of each key. */
async function createUnion(store: Store, view: string): Promise<void> {
  const file = new URL('../infra/clickhouse/migrations/0006_views_windows.sql', import.meta.url);
  const statements = readFileSync(file, 'utf8').split(/;\n/);
  const text = statements.find((statement) => statement.includes(`CREATE OR REPLACE VIEW ${view} {{on_cluster}}`));
  const [body] = text!.slice(text!.indexOf('CREATE')).split(/\nGROUP BY [^\n]*\nCOMMENT/);
  const union = body!
    .replace(`VIEW ${view} {{on_cluster}}`, `VIEW ${view}_union`)
    .replaceAll(/argMax\((?:tuple\((\w+)\)|(\w+)), is_sealed\)(?:\.1)?/g, '$1$2');
  await store.command(union);
}

/** Wall clock and CPU, ms, as two cells of a table. */
async function best(store: Store, sql: string, rounds: number): Promise<string> {
  let [wall, cpu] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  for (let round = 0; round < rounds; round += 1) {
    const [started, before] = [performance.now(), process.cpuUsage()];
    await store.query(sql);
    const { user, system } = process.cpuUsage(before);
    wall = Math.min(wall, performance.now() - started);
    cpu = Math.min(cpu, (user + system) / 1_000);
  }
  return `${Math.round(wall)} | ${Math.round(cpu)}`;
}

async function main(rounds: number): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'driftline-bench-'));
  const store = await openChdbStore({ dir, database: 'driftline', readers: 1 });
  try {
    await migrate(store);
    await fill(store);
    for (const view of ['operations', 'feature_stats']) await createUnion(store, view);
    for (const table of ['window_rows', 'chunk_rows']) {
      const [row] = await store.query<{ n: number }>(`SELECT count() AS n FROM ${table}`);
      console.log(`${table}: ${row!.n} rows`);
    }
    console.log('| query | plain union | CPU | the view | CPU |\n| --- | ---: | ---: | ---: | ---: |');
    for (const [what, view, select, where] of QUERIES) {
      const ask = (from: string) => best(store, `SELECT ${select} FROM ${from} WHERE ${where}`, rounds);
      console.log(`| ${what} | ${await ask(`${view}_union`)} | ${await ask(view)} |`);
    }
  } finally {
    await store.close();
    rmSync(dir, { recursive: true });
  }
}

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '4' } } });
await main(Number(values.rounds));

/**
 * What the queries of the page and of people cost on a year of one-minute windows of 20 models: `tsx bench/year.bench.ts
 * [--days 365] [--minutes 30] [--sketch-hours 6] [--rounds 10] [--dir DIR]`. Rows are made in the embedded engine, not waited
 * for: minute rows for the days that they are kept, hours and days for the year. It prints what was made, then the median and
 * the greatest of the rounds of each query, and its CPU time, in ms.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { openChdbStore } from '../lib/adapters/chdb/index.ts';
import { migrate } from '../lib/migrations/index.ts';
import type { Store } from '../lib/ports/store.ts';
import { fillYear, type YearSize } from './year/fill.ts';
import { yearQueries } from './year/queries.ts';

const { values } = parseArgs({
  options: {
    days: { type: 'string', default: '365' },
    minutes: { type: 'string', default: '30' },
    'sketch-hours': { type: 'string', default: '6' },
    rounds: { type: 'string', default: '10' },
    dir: { type: 'string' },
    only: { type: 'string', default: '' },
  },
});

async function main(rounds: number, size: YearSize): Promise<void> {
  const dir = values.dir ?? mkdtempSync(join(tmpdir(), 'driftline-year-'));
  const store = await openChdbStore({ dir, database: 'driftline', readers: 4 });
  try {
    await migrate(store);
    const [made] = await store.query<{ n: number }>('SELECT count() AS n FROM day_rows');
    if (made!.n === 0) await fillYear(store, size);
    await printTables(store);
    console.log('| query | rows | median | greatest | CPU |\n| --- | ---: | ---: | ---: | ---: |');
    for (const [what, run] of yearQueries(store)) {
      if (!what.includes(values.only)) continue;
      const { rows, times, cpu } = await timed(run, rounds);
      console.log(`| ${what} | ${rows} | ${times[times.length >> 1]} | ${times.at(-1)} | ${cpu} |`);
    }
  } finally {
    await store.close();
    if (values.dir === undefined) rmSync(dir, { recursive: true });
  }
}

/** Wall clock, ascending, and the median CPU of all threads, which other processes disturb less; ms. */
async function timed(
  run: () => Promise<number>,
  rounds: number,
): Promise<{ rows: number; times: number[]; cpu: number }> {
  const times: number[] = [];
  const cpu: number[] = [];
  let rows = 0;
  for (let round = 0; round < rounds; round += 1) {
    const [started, before] = [performance.now(), process.cpuUsage()];
    rows = await run();
    const { user, system } = process.cpuUsage(before);
    times.push(Math.round(performance.now() - started));
    cpu.push(Math.round((user + system) / 1_000));
  }
  const ascending = (values: number[]): number[] => values.sort((a, b) => a - b);
  return { rows, times: ascending(times), cpu: ascending(cpu)[cpu.length >> 1]! };
}

async function printTables(store: Store): Promise<void> {
  const rows = await store.query<{ table: string; n: number; mb: number; parts: number }>(
    `SELECT table, sum(rows) AS n, round(sum(bytes_on_disk) / 1e6) AS mb, count() AS parts FROM system.parts
     WHERE active AND database = currentDatabase() AND rows > 0 GROUP BY table ORDER BY table`,
  );
  console.log('| table | rows | MB | parts |\n| --- | ---: | ---: | ---: |');
  for (const { table, n, mb, parts } of rows) console.log(`| \`${table}\` | ${n} | ${mb} | ${parts} |`);
  console.log('');
}

await main(Number(values.rounds), {
  days: Number(values.days),
  minuteDays: Number(values.minutes),
  sketchHours: Number(values['sketch-hours']),
});

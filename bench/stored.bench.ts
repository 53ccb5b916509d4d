/**
 * Bytes that stay of the events, in the store: `tsx bench/stored.bench.ts [--features 20] [--segments 0,50] [--rate 1000]
 * [--minutes 20] [--json]`. Events with times around a midnight, so many a second, into windows of a minute, tested by one
 * monitor with all metrics, through aggregator and detector of a standalone (embedded log and engine, no raw log) until
 * hours and days are made too. Bytes by table as the engine tells them once all parts are merged, against the JSON sent.
 */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { TOPICS } from '../lib/core/messages/types.ts';
import { createLogger } from '../lib/runtime/logging.ts';
import { openStandalone, type Standalone } from '../services/standalone/index.ts';
import { configWith } from '../test/support/config.ts';
import { declareModel } from './declared/model.ts';
import { appendEvents, type Sent } from './stored/append.ts';
import { type Stored, storedBytes, untilRolledUp } from './stored/tables.ts';

const { values } = parseArgs({
  options: {
    features: { type: 'string', default: '20' },
    segments: { type: 'string', default: '0,50' },
    rate: { type: 'string', default: '1000' },
    minutes: { type: 'string', default: '20' },
    json: { type: 'boolean', default: false },
  },
});
const PARTITIONS = 4;
const MINUTE = 60_000;
const [features, rate, minutes] = [values.features, values.rate, values.minutes].map(Number) as [
  number,
  number,
  number,
];

async function measure(segments: number): Promise<{ sent: Sent; stored: Stored[] }> {
  const dir = await mkdtemp(join(tmpdir(), 'driftline-bench-'));
  const standalone = await openStandalone(
    configWith({
      partitions: PARTITIONS,
      dataDir: join(dir, 'data'),
      aggregation: { predictionLog: false },
      ...declareModel(dir, { features, windowMs: MINUTE, segments: segments > 0 }),
    }),
    { logger: createLogger({ name: 'bench', level: 'warn' }) },
  );
  try {
    return await through(standalone, segments);
  } finally {
    await standalone.app.stop();
    await rm(dir, { recursive: true });
  }
}

async function through({ ctx, app }: Standalone, segments: number): Promise<{ sent: Sent; stored: Stored[] }> {
  const { log, store } = ctx;
  const sent = await appendEvents(log, TOPICS.predictions, {
    features,
    segments,
    rate,
    minutes,
    partitions: PARTITIONS,
  });
  await app.start();
  await untilRolledUp(store, sent);
  const [counted] = await store.query<{ whole: number; parts: number }>(
    `SELECT toFloat64(sumIf(count, segment = '')) AS whole, toFloat64(sumIf(count, segment != '')) AS parts FROM window_rows FINAL
     WHERE feature = '' AND window_end <= fromUnixTimestamp64Milli({end:Int64})`,
    { end: sent.end },
  );
  assert.deepEqual(counted, { whole: sent.events, parts: segments > 0 ? sent.events : 0 }, 'events in windows');
  return { sent, stored: await storedBytes(store) };
}

/** How often rows of the table are made of this stream in a day, in terms of what was made here. */
const A_DAY: Readonly<Record<string, (minutes: number) => number>> = {
  window_rows: (made) => 1440 / made,
  score_window_rows: (made) => 1440 / made,
  // Two hours and two days were made, of half the minutes each.
  hour_rows: () => 24 / 2,
  score_hour_rows: () => 24 / 2,
  day_rows: () => 1 / 2,
  score_day_rows: () => 1 / 2,
  chunk_rows: (made) => 1440 / made,
  manifest_rows: (made) => 1440 / made,
};
/** Of a few days: what windows are made of. */
const LEDGER = ['chunk_rows', 'manifest_rows'];

function print(segments: number, { sent, stored }: { sent: Sent; stored: Stored[] }): void {
  const raw = (sent.bytes / minutes) * 1440;
  const share = (bytes: number) => `${((100 * bytes) / raw).toFixed(3)} %`.padStart(10);
  console.log(
    `\n${features} features, ${segments} segments, ${rate} events/s of ${Math.round(sent.bytes / sent.events)} bytes of JSON, ` +
      `one-minute windows; ${minutes} minutes sent`,
  );
  console.log(
    `${''.padEnd(20)}${'rows'.padStart(9)}${'MB'.padStart(9)}${'bytes/row'.padStart(11)}${'MB a day'.padStart(10)}    of JSON`,
  );
  let stays = 0;
  for (const { table, rows, bytes } of stored) {
    const day = bytes * A_DAY[table]!(minutes);
    if (!LEDGER.includes(table)) stays += day;
    const cells = [
      String(rows).padStart(9),
      (bytes / 1e6).toFixed(2).padStart(9),
      (bytes / rows).toFixed(0).padStart(11),
    ];
    console.log(table.padEnd(20) + cells.join('') + (day / 1e6).toFixed(1).padStart(10) + share(day));
  }
  console.log(`${'all but the ledger'.padEnd(49)}${(stays / 1e6).toFixed(1).padStart(10)}${share(stays)}`);
}

const results: object[] = [];
for (const segments of values.segments.split(',').map(Number)) {
  const result = await measure(segments);
  print(segments, result);
  results.push({ features, segments, rate, minutes, ...result });
}
if (values.json) console.log(JSON.stringify(results));

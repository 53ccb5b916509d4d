import { PERIOD_TOLERANCE, sketchNumeric } from '../../lib/core/sketch/numeric.ts';
import type { Store } from '../../lib/ports/store.ts';
import { sketchColumns } from '../../lib/tables/sketch-columns.ts';
import { saveSpec } from '../../lib/tables/specs.ts';

/**
 * How much is made. Hours have every column's sketch for the last days % 30 days, and for the year those of one model (m05):
 * all columns of all models would be 75 GB.
 */
export interface YearSize {
  /** Days of hours and days. */
  days: number;
  /** Days of one-minute windows: their scores and events; what `retention.windows` keeps. */
  minuteDays: number;
  /** Last hours of one-minute windows with every sketch. */
  sketchHours: number;
}

/** End of the data, first moment after it: 1 November 2026, UTC. */
export const END_S = Date.UTC(2026, 10, 1) / 1_000;
/** Models m00 … m19; m00 has 200 columns, the others 20. m01 is also tested by ten values of a segment. */
const MODELS = 20;
const WIDE = 200;
const NARROW = 20;
const VALUES = 10;
/** Sketches made once; each row is one of them, scaled by a factor of its own, so that nothing compresses better than real data. */
const PROTOTYPES = 8;
const KEY = "'1' AS version, 'champion' AS role";
const MS = (seconds: string) => `fromUnixTimestamp64Milli(toInt64((${seconds}) * 1000), 'UTC')`;

/** Fills the tables with a year; every row through SQL, in the order that time would have brought it. */
export async function fillYear(store: Store, size: YearSize): Promise<void> {
  await createSeries(store);
  await createPrototypes(store);
  await store.command(`INSERT INTO model_rows (model, declared, monitored, window_ms, timezone, reference, first_seen, row_version)
    SELECT DISTINCT model, 1, 1, 60000, 'UTC', 'ref', ${MS(String(END_S - size.days * 86_400))}, 1 FROM bench_series`);
  for (let day = size.minuteDays; day > 0; day -= 1) await minuteDay(store, END_S - day * 86_400);
  await sketches(store, 'minute', 'window_rows', END_S - size.sketchHours * 3_600, size.sketchHours * 60, 60, 'all');
  await ledger(store);
  for (const resolution of ['hour', 'day'] as const) {
    const seconds = resolution === 'hour' ? 3_600 : 86_400;
    const table = `${resolution}_rows`;
    for (let day = size.days; day > 0; day -= 30) {
      const [from, days] = [END_S - day * 86_400, Math.min(30, day)];
      await scorePeriods(store, resolution, from, (days * 86_400) / seconds, seconds);
      const which = resolution === 'day' || day <= 30 ? 'all' : 'one';
      await sketches(store, resolution, table, from, (days * 86_400) / seconds, seconds, which);
      await heads(store, resolution, table, from, (days * 86_400) / seconds, seconds);
    }
  }
}

async function createSeries(store: Store): Promise<void> {
  await store.command(`CREATE TABLE bench_series ENGINE = MergeTree ORDER BY id AS
    SELECT model, feature, segment, rowNumberInAllBlocks() AS id FROM (
      SELECT 'm00' AS model, concat('f', leftPad(toString(number), 3, '0')) AS feature, '' AS segment FROM numbers(${WIDE})
      UNION ALL
      SELECT concat('m', leftPad(toString(1 + intDiv(number, ${NARROW})), 2, '0')),
        concat('f', leftPad(toString(number % ${NARROW}), 3, '0')), '' FROM numbers(${NARROW * (MODELS - 1)})
      UNION ALL
      SELECT 'm01', concat('f', leftPad(toString(number % ${NARROW}), 3, '0')), concat('region=', toString(intDiv(number, ${NARROW})))
      FROM numbers(${NARROW * VALUES}))`);
}

async function createPrototypes(store: Store): Promise<void> {
  await store.command(`CREATE TABLE bench_sketches (kind String, id UInt32, n UInt64, min Float64, max Float64, mean Float64,
    m2 Float64, values Array(Float64), below Array(Float64), at_or_below Array(Float64)) ENGINE = MergeTree ORDER BY (kind, id)`);
  const events = { minute: 1_000, hour: 60_000, day: 1_440_000 };
  for (const [kind, n] of Object.entries(events)) {
    const rows = Array.from({ length: PROTOTYPES }, (_, id) => {
      const numeric = sketchNumeric(lognormal(n), n, kind === 'minute' ? undefined : PERIOD_TOLERANCE);
      const sketch = { count: n, missing: 0, nan: 0, infinite: 0, wrongType: 0, kind: 'numeric' as const, numeric };
      const { min, max, mean, m2, values, below, at_or_below } = sketchColumns(sketch);
      return { kind, id, n, min, max, mean, m2, values, below, at_or_below };
    });
    await store.insert('bench_sketches', rows);
  }
}

function lognormal(n: number): Float64Array {
  const normal = () => Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());
  return Float64Array.from({ length: n }, () => Math.exp(normal()));
}

const PERIODS = (start: string) => `toStartOfHour(${start}) AS hour_start, hour_start + INTERVAL 1 HOUR AS hour_end,
  toStartOfDay(${start}) AS day_start, day_start + INTERVAL 1 DAY AS day_end`;

/** Scores of every series and the events of every model, minute by minute of one day. */
async function minuteDay(store: Store, from: number): Promise<void> {
  await store.command(`INSERT INTO score_window_rows (model, monitor, version, role, feature, segment, metric, window_start,
      window_end, baseline, definition, score, effect, p_value, threshold, breached, severity, n_current, n_baseline, note,
      state, revision, covered, computed_at, hour_start, hour_end, day_start, day_end)
    SELECT model, concat(model, '-drift') AS monitor, ${KEY}, feature, segment, 'psi' AS metric, ${MS(`${from} + 60 * m`)} AS
      window_start, window_start + INTERVAL 1 MINUTE, 'ref', 'psi/quantile10@1',
      -log(1 - (sipHash64(id, m, ${from}) % 1000000) / 1000000) * 0.02 AS score, greatest(0, score - 0.004) AS effect,
      exp(-score * 100), 0.1 AS threshold, effect > threshold, 'error', 1000 - sipHash64(m, id) % 20, 100000, '', 'complete',
      0, 1000, now64(3), ${PERIODS('window_start')}
    FROM (SELECT number AS m FROM numbers(1440)) AS minutes CROSS JOIN bench_series`);
  await heads(store, 'minute', 'window_rows', from, 1_440, 60);
}

/** The rows of windows themselves. */
async function heads(
  store: Store,
  kind: string,
  table: string,
  from: number,
  count: number,
  seconds: number,
): Promise<void> {
  await store.command(`INSERT INTO ${table} (model, version, role, feature, segment, window_start, window_end, count, errors,
      state, covered${extraColumns(kind)})
    SELECT model, ${KEY}, '' AS feature, '' AS segment, ${MS(`${from} + ${seconds} * m`)} AS window_start,
      ${MS(`${from} + ${seconds} * (m + 1)`)} AS window_end, ${1_000 * (seconds / 60)}, 3, 'complete', 1000${extraValues(kind, seconds)}
    FROM (SELECT number AS m FROM numbers(${count})) AS times
    CROSS JOIN (SELECT DISTINCT model FROM bench_series) AS models`);
}

/** Sketches of every column of every model, or of m05 alone ('one'). */
async function sketches(
  store: Store,
  kind: 'minute' | 'hour' | 'day',
  table: string,
  from: number,
  count: number,
  seconds: number,
  which: 'all' | 'one',
): Promise<void> {
  await store.command(`INSERT INTO ${table} (model, version, role, feature, segment, window_start, window_end, kind, count, n,
      min, max, mean, m2, values, below, at_or_below, state, covered${extraColumns(kind)})
    SELECT model, ${KEY}, feature, segment, ${MS(`${from} + ${seconds} * m`)} AS window_start,
      ${MS(`${from} + ${seconds} * (m + 1)`)} AS window_end, 'numeric', n, n, min * f, max * f, mean * f, m2 * f * f,
      arrayMap(v -> v * f, values), below, at_or_below, 'complete', 1000${extraValues(kind, seconds)}
    FROM (
      SELECT s.model AS model, s.feature AS feature, s.segment AS segment, t.m AS m,
        1 + (sipHash64(s.id, t.m) % 1000000) / 1e7 AS f, toUInt32(sipHash64(t.m, s.id) % ${PROTOTYPES}) AS prototype
      FROM (SELECT number AS m FROM numbers(${count})) AS t CROSS JOIN bench_series AS s
      WHERE s.segment = '' AND (${which === 'all' ? 1 : 0} OR s.model = 'm05')) AS rows
    JOIN (SELECT * FROM bench_sketches WHERE kind = '${kind}') AS p ON p.id = rows.prototype`);
}

function extraColumns(kind: string): string {
  if (kind === 'minute') return ', timezone, hour_start, hour_end, day_start, day_end';
  return kind === 'hour' ? ', windows, day_start, day_end' : ', windows';
}

function extraValues(kind: string, seconds: number): string {
  if (kind === 'minute') return `, 'UTC', ${PERIODS('window_start')}`;
  const day = kind === 'hour' ? ', toStartOfDay(window_start) AS day_start, day_start + INTERVAL 1 DAY' : '';
  return `, ${seconds / 60}${day}`;
}

async function scorePeriods(
  store: Store,
  resolution: string,
  from: number,
  count: number,
  seconds: number,
): Promise<void> {
  const day = resolution === 'hour' ? ', day_start, day_end' : '';
  await store.command(`INSERT INTO score_${resolution}_rows (model, monitor, feature, segment, metric, version, role,
      window_start, window_end, baseline, definition, severity, windows, scored, breached, worst_start, score, effect, p_value,
      threshold, n_current, n_baseline, note, score_sum, effect_sum, state, revision, covered${day})
    SELECT model, concat(model, '-drift'), feature, segment, 'psi', ${KEY}, ${MS(`${from} + ${seconds} * m`)} AS window_start,
      ${MS(`${from} + ${seconds} * (m + 1)`)}, 'ref', 'psi/quantile10@1', 'error', ${seconds / 60}, ${seconds / 60},
      effect > 0.1, window_start, 0.06 - log(1 - (sipHash64(id, m, ${from}) % 1000000) / 1000000) * 0.02 AS score,
      score - 0.004 AS effect, exp(-score * 100), 0.1, 1000, 100000, '', score * 20, effect * 20, 'complete', 0, 60000
      ${resolution === 'hour' ? ', toStartOfDay(window_start) AS d, d + INTERVAL 1 DAY' : ''}
    FROM (SELECT number AS m FROM numbers(${count})) AS t CROSS JOIN bench_series`);
}

/** The ledger as the horizon of 7 days leaves it, by keys alone but for the last window, which is not sealed. */
async function ledger(store: Store): Promise<void> {
  const specId = await saveSpec(store, {
    ...{
      layout: 1,
      chunkSize: 65_536,
      allowedDelayMs: 60_000,
      horizonMs: 604_800_000,
      futureSkewMs: 300_000,
      models: [],
    },
    defaults: { window: { lengthMs: 60_000, timezone: 'UTC' } },
  });
  await store.command(`INSERT INTO chunk_rows (model, version, role, feature, segment, window_start, window_end, topic,
      incarnation, partition, chunk_start, generation, spec_id, covered, kind, count)
    SELECT model, ${KEY}, feature, '' AS segment, ${MS(`${END_S} - 60 * m`)} AS window_start, window_start + INTERVAL 1 MINUTE,
      'driftline.predictions', 'bench', p, intDiv(${END_S} - 60 * m, 3600) * 65536 AS chunk, 0, '${specId}', chunk + 1, '', 250
    FROM (SELECT number AS m FROM numbers(8 * 1440)) AS t CROSS JOIN (SELECT number AS p FROM numbers(4)) AS partitions
    CROSS JOIN (
      SELECT model, feature FROM bench_series WHERE segment = '' AND feature < 'f004'
      UNION ALL SELECT DISTINCT model, '' FROM bench_series) AS columns`);
  await store.command(`INSERT INTO manifest_rows (topic, incarnation, partition, chunk_start, group_generation, spec_id, reach,
      passed, closed)
    SELECT DISTINCT topic, incarnation, partition, chunk_start, 1, spec_id, chunk_start + 60000, 0, 1 FROM chunk_rows`);
}

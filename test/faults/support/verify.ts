import assert from 'node:assert/strict';
import { eventually } from '../../support/eventually.ts';
import { committedOffsets } from './group-offsets.ts';
import { logOffsets, readPartition } from './kcat.ts';
import type { FeatureCount, Recount, WindowCount } from './recount.ts';

/** What is compared: where the log, the group and the store of a world are, and what the oracle counted. */
export interface Judged {
  bootstrap: string;
  group: string;
  topic: string;
  /** Incarnation of the topic as it is now. */
  incarnation: string;
  partitions: number;
  oracle: Recount;
  sql<T>(query: string): Promise<T[]>;
}

export interface VerifyOptions {
  /** A detector runs: windows are sealed, which may take a while, so a difference counts only after `timeoutMs`. */
  sealed?: boolean;
  timeoutMs?: number;
  /** Features whose `count` need not be compared with the events, beside those that some events lack. */
  looseCounts?: boolean;
}

type Row = Record<string, string | number | null>;

const MAX_SHOWN = 3;

/** Waits until the ledger covers all that the oracle took of the present incarnation, then compares everything. */
export async function verify(judged: Judged, options: VerifyOptions = {}): Promise<void> {
  await untilCovered(judged, options.timeoutMs ?? 60_000);
  if (options.sealed === true) await retried(() => compareAll(judged, options), options.timeoutMs ?? 60_000);
  else await compareAll(judged, options);
}

async function compareAll(judged: Judged, options: VerifyOptions): Promise<void> {
  await compareWindows(judged, options);
  await compareFeatures(judged, options);
  await compareCategories(judged);
  await compareQuantiles(judged);
  await comparePredictions(judged);
  await compareLosses(judged);
  await compareLetters(judged);
  await checkCommitted(judged);
}

async function retried(check: () => Promise<void>, timeoutMs: number): Promise<void> {
  let last: unknown;
  await eventually(
    'the views equal to the recount',
    () =>
      check().then(
        () => true,
        async (error: unknown) => {
          last = error;
          await new Promise((resolve) => setTimeout(resolve, 250));
          return false;
        },
      ),
    timeoutMs,
  ).catch(() => {
    throw last;
  });
}

/** Resolves once manifests vouch for every offset that the oracle took. */
export async function untilCovered({ sql, topic, incarnation, oracle }: Judged, timeoutMs: number): Promise<void> {
  let told = '';
  const covered = async () => {
    const rows = await sql<Row>(
      `SELECT partition, max(reach) AS reach FROM manifest_rows WHERE topic = '${topic}' AND incarnation = '${incarnation}' GROUP BY partition`,
    );
    const reach = new Map(rows.map((row) => [`${incarnation}/${row.partition}`, Number(row.reach)]));
    const behind = [...oracle.next].filter(
      ([place, next]) => place.startsWith(incarnation) && (reach.get(place) ?? 0) < next,
    );
    told = behind.map(([place, next]) => `${place}: ${reach.get(place) ?? 'none'} of ${next}`).join(', ');
    if (behind.length > 0) await new Promise((resolve) => setTimeout(resolve, 100));
    return behind.length === 0;
  };
  await eventually('manifests that cover the log', covered, timeoutMs).catch((error: Error) => {
    throw new Error(`${error.message} (${told})`);
  });
}

const KEY =
  'model, version, role, toUnixTimestamp64Milli(window_start) AS start, toUnixTimestamp64Milli(window_end) AS end';

const keyOf = (row: Row): string => JSON.stringify([row.model, row.version, row.role, Number(row.start)]);

function byKey<T>(
  what: string,
  rows: readonly Row[],
  key: (row: Row) => string,
  value: (row: Row) => T,
): Map<string, T> {
  const found = new Map<string, T>();
  for (const row of rows) {
    if (found.has(key(row))) assert.fail(`${what}: ${key(row)} is there twice`);
    found.set(key(row), value(row));
  }
  return found;
}

/** Fails naming the first keys that differ. */
function same<T>(what: string, actual: ReadonlyMap<string, T>, expected: ReadonlyMap<string, T>): void {
  const differing = [...new Set([...expected.keys(), ...actual.keys()])]
    .filter((key) => JSON.stringify(actual.get(key)) !== JSON.stringify(expected.get(key)))
    .sort();
  if (differing.length === 0) return;
  const shown = differing.slice(0, MAX_SHOWN).map((key) => {
    const [is, should] = [actual, expected].map((map) => (map.has(key) ? JSON.stringify(map.get(key)) : 'absent'));
    return `${key}: is ${is}, the recount says ${should}`;
  });
  assert.fail(`${what}: ${differing.length} of ${expected.size} differ\n  ${shown.join('\n  ')}`);
}

async function compareWindows({ sql, oracle }: Judged, _options: VerifyOptions): Promise<void> {
  const rows = await sql<Row>(`SELECT ${KEY}, events, errors FROM operations`);
  const actual = byKey('operations', rows, keyOf, (row) => [Number(row.end), Number(row.events), Number(row.errors)]);
  const expected = new Map([...oracle.windows].map(([key, { end, events, errors }]) => [key, [end, events, errors]]));
  same('operations [end, events, errors]', actual, expected);
}

async function compareFeatures({ sql, oracle }: Judged, options: VerifyOptions): Promise<void> {
  const rows = await sql<Row>(
    `SELECT ${KEY}, feature, count, missing, wrong_type, n, min, max, mean FROM feature_stats WHERE segment = ''`,
  );
  const name = (row: Row) => `${keyOf(row)} ${row.feature}`;
  const seen = (row: Row) => [
    Number(row.count) - Number(row.missing),
    Number(row.wrong_type),
    Number(row.n),
    row.min,
    row.max,
  ];
  const actual = byKey('feature_stats', rows, name, seen);
  const expected = new Map<string, (number | null)[]>();
  for (const { key, feature, found } of featuresOf(oracle)) {
    const numeric = found.numbers.length > 0;
    const [least, greatest] = numeric ? extremes(found.numbers) : [null, null];
    expected.set(`${key} ${feature}`, [found.seen, found.wrongType, usable(found), least, greatest]);
  }
  same('feature_stats [present, wrong_type, n, min, max]', actual, expected);
  const byName = new Map(rows.map((row) => [name(row), row]));
  for (const { key, feature, window, found } of featuresOf(oracle)) {
    const row = byName.get(`${key} ${feature}`)!;
    if (options.looseCounts !== true && found.keyed === window.events) {
      assert.equal(Number(row.count), window.events, `feature_stats.count of ${key} ${feature}`);
    }
    if (found.numbers.length > 0)
      isNear(Number(row.mean), meanOf(found.numbers), `feature_stats.mean of ${key} ${feature}`);
  }
}

/** Category counts have no view of their own: they are read where the detector reads them. */
async function compareCategories({ sql, oracle }: Judged): Promise<void> {
  const columns = 'model, version, role, window_start, window_end, feature, categories, category_counts, other';
  const where = "feature != '' AND segment = '' AND kind IN ('categorical', 'boolean')";
  const rows = await sql<Row>(
    `SELECT ${KEY}, feature, sumMap(categories, category_counts) AS counts, sum(other) AS others FROM (
      SELECT ${columns} FROM open_chunk_rows WHERE ${where} UNION ALL SELECT ${columns} FROM window_rows FINAL WHERE ${where})
    GROUP BY model, version, role, window_start, window_end, feature`,
  );
  const actual = byKey(
    'categories',
    rows,
    (row) => `${keyOf(row)} ${row.feature}`,
    (row) => {
      const [names, counts] = row.counts as unknown as [string[], (string | number)[]];
      assert.equal(Number(row.others), 0);
      return names.map((category, index): [string, number] => [category, Number(counts[index])]).sort(byName);
    },
  );
  const expected = new Map<string, [string, number][]>();
  for (const { key, feature, found } of featuresOf(oracle)) {
    if (found.categories.size > 0) expected.set(`${key} ${feature}`, [...found.categories].sort(byName));
  }
  same('categories', withoutEmpty(actual), expected);
}

/** Sealed windows only. Exact up to 1,000 values; beyond, the value's rank may be off by 0.001. */
async function compareQuantiles({ sql, oracle }: Judged): Promise<void> {
  const rows = await sql<Row>(`SELECT ${KEY}, feature, q, value FROM feature_quantiles WHERE segment = ''`);
  const sorted = new Map<string, number[]>();
  for (const row of rows) {
    const id = `${keyOf(row)} ${row.feature}`;
    const numbers =
      sorted.get(id) ??
      oracle.windows
        .get(keyOf(row))
        ?.features.get(String(row.feature))
        ?.numbers.toSorted((a, b) => a - b);
    if (numbers === undefined) assert.fail(`feature_quantiles: ${id} is not in the log`);
    sorted.set(id, numbers);
    checkQuantile(`feature_quantiles: ${id} q=${row.q}`, numbers, Number(row.q), Number(row.value));
  }
}

function checkQuantile(what: string, sorted: readonly number[], q: number, value: number): void {
  const n = sorted.length;
  if (n <= 1000) {
    const at = (n - 1) * q;
    const [low, high] = [sorted[Math.floor(at)]!, sorted[Math.min(n - 1, Math.floor(at) + 1)]!];
    isNear(value, low + (high - low) * (at - Math.floor(at)), what);
    return;
  }
  const bound = 0.001 + 1 / n;
  const below = sorted.filter((number) => number < value).length / n;
  const atOrBelow = sorted.filter((number) => number <= value).length / n;
  assert.ok(below - bound <= q && q <= atOrBelow + bound, `${what}: rank ${below} to ${atOrBelow} (n = ${n})`);
}

async function comparePredictions({ sql, topic, oracle }: Judged): Promise<void> {
  const rows = await sql<Row>(
    `SELECT incarnation, partition, groupArray(offset) AS offsets FROM predictions WHERE topic = '${topic}' GROUP BY incarnation, partition`,
  );
  const actual = byKey(
    'predictions',
    rows,
    (row) => `${row.incarnation}/${row.partition}`,
    (row) => (row.offsets as unknown as (string | number)[]).map(Number).sort((a, b) => a - b),
  );
  for (const place of new Set([...actual.keys(), ...oracle.counted.keys()])) {
    const [is, should] = [actual.get(place) ?? [], oracle.counted.get(place) ?? []];
    const at = should.findIndex((offset, index) => is[index] !== offset);
    if (at >= 0 || is.length > should.length) {
      const index = at < 0 ? should.length : at;
      assert.fail(
        `predictions of ${place}: ${is.length} rows, the recount has ${should.length}; first difference: offset ${is[index]} instead of ${should[index]}`,
      );
    }
  }
}

async function compareLosses({ sql, topic, oracle }: Judged): Promise<void> {
  const rows = await sql<Row>(
    `SELECT incarnation, partition, reason, sum(events) AS n, min(first_offset) AS first, max(last_offset) AS last
     FROM losses WHERE topic = '${topic}' AND reason IN ('future', 'beyond_horizon') GROUP BY incarnation, partition, reason`,
  );
  const actual = byKey(
    'losses',
    rows,
    (row) => `${row.incarnation}/${row.partition} ${row.reason}`,
    (row) => [Number(row.n), Number(row.first), Number(row.last)],
  );
  same(
    'losses [events, first, last]',
    actual,
    new Map([...oracle.losses].map(([key, { events, first, last }]) => [key, [events, first, last]])),
  );
}

interface DeadLetter {
  code: string;
  topic: string;
  incarnation: string;
  partition: number;
  offset: number;
  value_base64: string | null;
}

const KEPT_BYTES = 256 * 1024;
const DEAD_LETTERS = 'driftline.dead-letters';

/** Each refused record has its letter with code and bytes, at least once, and no other record has one. */
async function compareLetters({ bootstrap, topic, partitions, oracle }: Judged): Promise<void> {
  const actual = new Map<string, unknown>();
  const ends = await logOffsets(bootstrap, DEAD_LETTERS, partitions, -1);
  for (const partition of ends.keys()) {
    // Empty, or not there: the topic judged may have more partitions than this one.
    if (!(ends[partition]! > 0)) continue;
    for (const { value } of await readPartition(bootstrap, DEAD_LETTERS, partition, 'beginning')) {
      const letter = JSON.parse(value!.toString()) as DeadLetter;
      if (letter.topic !== topic) continue;
      actual.set(`${letter.incarnation}/${letter.partition}/${letter.offset}`, [letter.code, letter.value_base64]);
    }
  }
  const expected = new Map(
    [...oracle.letters].map(([key, { code, value }]) => [
      key,
      [code, value?.subarray(0, KEPT_BYTES).toString('base64') ?? null],
    ]),
  );
  same('dead letters [code, bytes]', actual, expected);
}

/** A committed offset is where a chunk begins or a closed one ends, and never past what the manifests vouch for. */
export async function checkCommitted(judged: Judged): Promise<(number | null)[]> {
  const { bootstrap, group, topic, incarnation, partitions, sql } = judged;
  const committed = await committedOffsets(bootstrap, group, topic, partitions);
  const rows = await sql<Row>(
    `SELECT partition, chunk_start, max(reach) AS reach, max(closed) AS closed FROM manifest_rows
     WHERE topic = '${topic}' AND incarnation = '${incarnation}' GROUP BY partition, chunk_start`,
  );
  for (const [partition, offset] of committed.entries()) {
    if (offset === null) continue;
    const own = rows.filter((row) => Number(row.partition) === partition);
    const allowed = own.flatMap((row) => [
      Number(row.chunk_start),
      ...(Number(row.closed) === 1 ? [Number(row.reach)] : []),
    ]);
    assert.ok(
      allowed.includes(offset),
      `committed offset ${offset} of partition ${partition} is no boundary that the manifests vouch for (${allowed.slice(-6)})`,
    );
  }
  return committed;
}

function* featuresOf(
  oracle: Recount,
): Generator<{ key: string; feature: string; window: WindowCount; found: FeatureCount }> {
  for (const [key, window] of oracle.windows) {
    for (const [feature, found] of window.features) yield { key, feature, window, found };
  }
}

const usable = ({ numbers, categories }: FeatureCount): number =>
  numbers.length + [...categories.values()].reduce((sum, count) => sum + count, 0);

function extremes(numbers: readonly number[]): [number, number] {
  let [least, greatest] = [numbers[0]!, numbers[0]!];
  for (const number of numbers) {
    if (number < least) least = number;
    if (number > greatest) greatest = number;
  }
  return [least, greatest];
}

function meanOf(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
}

function isNear(actual: number, expected: number, what: string): void {
  const tolerance = 1e-9 * Math.max(1, Math.abs(expected));
  assert.ok(Math.abs(actual - expected) <= tolerance, `${what}: ${actual}, the recount says ${expected}`);
}

function byName([one]: [string, number], [other]: [string, number]): number {
  return one < other ? -1 : 1;
}

function withoutEmpty<T>(map: Map<string, T[]>): Map<string, T[]> {
  return new Map([...map].filter(([, items]) => items.length > 0));
}

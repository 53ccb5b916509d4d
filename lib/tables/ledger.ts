import { chunkName } from '../core/detection/agreement.ts';
import type { ChunkKey, LedgerRow } from '../core/detection/types.ts';
import type { Store } from '../ports/store.ts';
import { distributionsOf, rowsOfBlocks, type StoredColumns } from './stored-columns.ts';
import { sqlTime } from './time.ts';

/** Which spec a chunk was opened with, and how far its rows reach. */
export interface ChunkBinding extends ChunkKey {
  groupGeneration: number;
  specId: string;
  reach: number;
}

/** One window of one (version, role) of a model. */
export interface WindowRef {
  version: string;
  role: string;
  start: number;
  end: number;
}

/** Windows of a model that start at these times, ms. */
export interface WindowStarts {
  model: string;
  starts: readonly number[];
}

/** The rows of one model. */
export interface ModelRow {
  model: string;
}

/**
 * The binding of every chunk that has rows in these windows, in a fixed order. Of
 * several openings of a chunk the highest group generation binds; what any generation reached under its spec counts.
 */
export async function readBindings(store: Store, windows: readonly WindowStarts[]): Promise<ChunkBinding[]> {
  const rows = await store.query<BindingRow>(BINDINGS, startParams(windows));
  const bindings = rows.map((row) => ({
    topic: row.topic,
    incarnation: row.incarnation,
    partition: row.partition,
    chunkStart: row.chunk_start,
    groupGeneration: row.generation,
    specId: row.spec_id,
    reach: row.reach,
  }));
  // Openings of one chunk stand together, the binding one first.
  return bindings.filter((binding, i) => i === 0 || chunkName(binding) !== chunkName(bindings[i - 1]!));
}

/** Ledger rows of these windows, of every spec: the caller keeps those bound to their chunk. */
export async function readLedger(store: Store, windows: readonly WindowStarts[]): Promise<(LedgerRow & ModelRow)[]> {
  return rowsOfBlocks(await store.queryNative(LEDGER, startParams(windows)), ledgerRows);
}

/**
 * Windows of the model whose ledger has more than what was sealed, or than what these monitors have scored; by start.
 * May name a window that turns out to need nothing: rows of specs that do not bind are counted too.
 */
export async function pendingWindows(
  store: Store,
  model: string,
  monitors: readonly string[],
): Promise<PendingWindow[]> {
  return store.query<PendingWindow>(PENDING, { model, monitors, expected: monitors.length });
}

export interface PendingWindow extends WindowRef {
  /** 1: sealed as far as the ledger goes, but not scored by all monitors. */
  unscored: number;
}

/** How far a partition's manifests reach, in the last incarnation of it. */
export interface StoredProgress {
  partition: number;
  incarnation: string;
  reach: number;
  /** Greatest arrival covered over all incarnations of the partition, ms. */
  arrived: number;
  /** Whether the last record covered belongs to a replay. */
  replaying: boolean;
}

/** What the manifests say of each partition of the topic with this id: what was announced before this process listened. */
export async function progressByPartition(store: Store, topic: string, topicId: string): Promise<StoredProgress[]> {
  const rows = await store.query<Omit<StoredProgress, 'replaying'> & { replay: number }>(PROGRESS, { topic, topicId });
  return rows.map(({ replay, ...row }) => ({ ...row, replaying: replay === 1 }));
}

/** Every model with rows in the ledger or with alerts. */
export async function knownModels(store: Store): Promise<string[]> {
  const rows = await store.query<{ model: string }>(
    'SELECT DISTINCT model FROM chunk_rows UNION DISTINCT SELECT DISTINCT model FROM alert_rows',
  );
  return rows.map((row) => row.model).sort();
}

const PROGRESS = `
  SELECT partition, last.1 AS incarnation, last.2 AS reach, last.3 AS replay, arrived
  FROM (
    SELECT partition, max(passed) AS arrived, argMax((incarnation, reach, replay), (truncations, reach, replay)) AS last
    FROM (
      SELECT partition, passed, incarnation, reach, replay,
        toUInt32OrZero(splitByChar('~', incarnation)[2]) AS truncations
      FROM manifest_rows
      WHERE topic = {topic:String} AND splitByChar('~', incarnation)[1] = {topicId:String})
    GROUP BY partition)
  ORDER BY partition`;

/** Parameters of IN_WINDOWS: `models` and `starts` are those of each window, side by side. */
export function startParams(windows: readonly WindowStarts[]): { models: string[]; starts: string[] } {
  return {
    models: windows.flatMap(({ model, starts }) => starts.map(() => model)),
    starts: windows.flatMap(({ starts }) => starts.map(sqlTime)),
  };
}

/** The first two are for the index. */
export const IN_WINDOWS = `model IN {models:Array(String)}
  AND window_start IN (SELECT toDateTime64(arrayJoin({starts:Array(String)}), 3, 'UTC'))
  AND (model, window_start) IN (
    SELECT pair.1, toDateTime64(pair.2, 3, 'UTC')
    FROM (SELECT arrayJoin(arrayZip({models:Array(String)}, {starts:Array(String)})) AS pair))`;

const BINDINGS = `
  SELECT topic, incarnation, partition, chunk_start, spec_id, max(group_generation) AS generation, max(reach) AS reach
  FROM manifest_rows
  WHERE (topic, incarnation, partition, chunk_start) IN (
    SELECT DISTINCT topic, incarnation, partition, chunk_start FROM chunk_rows
    WHERE ${IN_WINDOWS} AND feature = '' AND segment = '')
  GROUP BY topic, incarnation, partition, chunk_start, spec_id
  ORDER BY topic, incarnation, partition, chunk_start, generation DESC, spec_id`;

const LEDGER = `
  SELECT * EXCEPT (window_start, window_end, ingested_at),
    toUnixTimestamp64Milli(window_start) AS start, toUnixTimestamp64Milli(window_end) AS end
  FROM chunk_rows FINAL WHERE ${IN_WINDOWS}`;

const KEY = 'version, role, window_start, window_end';

const PENDING = `
  SELECT version, role, toUnixTimestamp64Milli(window_start) AS start, toUnixTimestamp64Milli(window_end) AS end,
    sealed.covered >= ledger.covered AS unscored
  FROM (
    SELECT ${KEY}, sum(chunk_covered - chunk_start) AS covered FROM (
      SELECT ${KEY}, topic, incarnation, partition, chunk_start, generation, max(covered) AS chunk_covered
      FROM chunk_rows WHERE model = {model:String} AND feature = '' AND segment = ''
      GROUP BY ${KEY}, topic, incarnation, partition, chunk_start, generation)
    GROUP BY ${KEY}) AS ledger
  LEFT JOIN (
    SELECT ${KEY}, max(covered) AS covered FROM window_rows
    WHERE model = {model:String} AND feature = '' AND segment = '' GROUP BY ${KEY}) AS sealed USING (${KEY})
  LEFT JOIN (
    SELECT ${KEY}, min(monitor_covered) AS covered, count() AS monitors FROM (
      SELECT ${KEY}, monitor, max(covered) AS monitor_covered FROM score_window_rows
      WHERE model = {model:String} AND monitor IN {monitors:Array(String)} GROUP BY ${KEY}, monitor)
    GROUP BY ${KEY}) AS scored USING (${KEY})
  WHERE sealed.covered < ledger.covered
    OR ({expected:UInt32} > 0 AND (scored.monitors < {expected:UInt32} OR scored.covered < ledger.covered))
  ORDER BY start, version, role`;

interface OpenedChunk {
  topic: string;
  incarnation: string;
  partition: number;
  chunk_start: number;
  generation: number;
  spec_id: string;
}

interface BindingRow extends OpenedChunk {
  reach: number;
}

type Texts = 'model' | 'topic' | 'incarnation' | 'version' | 'role' | 'spec_id';
type Numbers = 'partition' | 'chunk_start' | 'start' | 'end' | 'generation' | 'covered';
type LedgerColumns = StoredColumns & Record<Texts, ArrayLike<string>> & Record<Numbers, ArrayLike<number>>;

function ledgerRows(columns: LedgerColumns): (row: number) => LedgerRow & ModelRow {
  const { model, topic, incarnation, partition, chunk_start, version, role, start, end } = columns;
  const { feature, segment, generation, spec_id, covered, count, errors, kind } = columns;
  const distributionAt = distributionsOf(columns);
  return (row) => {
    const { sketch, grid } = distributionAt(row);
    return {
      model: model[row]!,
      topic: topic[row]!,
      incarnation: incarnation[row]!,
      partition: partition[row]!,
      chunkStart: chunk_start[row]!,
      version: version[row]!,
      role: role[row]!,
      window: { start: start[row]!, end: end[row]! },
      feature: feature[row]!,
      segment: segment[row]!,
      generation: generation[row]!,
      specId: spec_id[row]!,
      covered: covered[row]!,
      count: count[row]!,
      errors: errors[row]!,
      kind: kind[row]!,
      sketch,
      grid,
    };
  };
}

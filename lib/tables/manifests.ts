import { isFrozen } from '../core/chunks/frozen.ts';
import type { ChunkIdentity } from '../core/chunks/types.ts';
import { topicIdOf, truncationsOf } from '../core/incarnation.ts';
import type { Row, Store } from '../ports/store.ts';

/** How far the rows of one chunk reach, and which spec they were made with. */
export interface Manifest extends ChunkIdentity {
  groupGeneration: number;
  specId: string;
  /** Rows cover every offset from `chunkStart` below this one. */
  reach: number;
  /** Greatest arrival in the partition's covered prefix, ms; -1: none. */
  passed: number;
  closed: boolean;
  /** Whether the last record covered said itself when it arrived (a replay's); null: not known. */
  replaying: boolean | null;
  /** Of the last record covered; null: the log has no leader epochs, or nothing is covered. */
  epoch?: RecordEpoch | null;
}

/** Under which leader epoch a record was written: what the log must still say of it. */
export interface RecordEpoch {
  leaderEpoch: number;
  /** First offset after the record. */
  reach: number;
}

/** What is known of a partition when it is assigned. */
export interface PartitionHistory {
  /** The last chunk of the partition's latest incarnation, under the spec that binds it; null before the first. */
  last: Manifest | null;
  /** Whether another topic of this name was aggregated: committed offsets may then be the older one's. */
  otherIncarnations: boolean;
  /** The greatest group generation in its manifests; 0 before the first. */
  generation: number;
}

interface ManifestRow {
  chunk_start: number;
  group_generation: number;
  spec_id: string;
  reach: number;
  passed: number;
  closed: number;
  replay: number;
  leader_epoch: number;
  epoch_reach: number;
}

/** Writes one manifest record; the record of the highest `reach` stays. */
export async function writeManifest(store: Store, manifest: Manifest): Promise<void> {
  await writeManifests(store, [manifest]);
}

/** The same for several, in one INSERT. */
export async function writeManifests(store: Store, manifests: readonly Manifest[]): Promise<void> {
  await store.insert('manifest_rows', manifests.map(manifestRow));
}

function manifestRow(manifest: Manifest): Row {
  return {
    topic: manifest.topic,
    incarnation: manifest.incarnation,
    partition: manifest.partition,
    chunk_start: manifest.chunkStart,
    group_generation: manifest.groupGeneration,
    spec_id: manifest.specId,
    reach: manifest.reach,
    passed: manifest.passed,
    closed: manifest.closed ? 1 : 0,
    replay: manifest.replaying === null ? -1 : Number(manifest.replaying),
    leader_epoch: manifest.epoch?.leaderEpoch ?? -1,
    epoch_reach: manifest.epoch?.reach ?? 0,
  };
}

/**
 * What the manifests tell of a partition of the topic with this id. Of several openings of the last chunk the one of the
 * highest group generation binds; what others reached by its spec counts.
 */
export async function loadHistory(
  store: Store,
  topic: string,
  topicId: string,
  partition: number,
): Promise<PartitionHistory> {
  const known = await store.query<{ incarnation: string }>(INCARNATIONS, { topic, partition });
  const incarnations = known.map((row) => row.incarnation);
  const own = incarnations.filter((incarnation) => topicIdOf(incarnation) === topicId);
  const otherIncarnations = own.length < incarnations.length;
  if (own.length === 0) return { last: null, otherIncarnations, generation: 0 };
  const incarnation = own.reduce((a, b) => (truncationsOf(b) > truncationsOf(a) ? b : a));
  const rows = await store.query<ManifestRow>(LAST_CHUNK, { topic, incarnation, partition });
  const place = { topic, incarnation, partition };
  const generation = await highestGeneration(store, place);
  return { last: lastChunk(rows, place), otherIncarnations, generation };
}

/** The greatest group generation under which anybody wrote of the partition; 0: nobody. */
export async function highestGeneration(store: Store, place: Omit<ChunkIdentity, 'chunkStart'>): Promise<number> {
  const { topic, incarnation, partition } = place;
  const rows = await store.query<{ highest: number }>(HIGHEST, { topic, incarnation, partition });
  return rows[0]?.highest ?? 0;
}

function lastChunk(rows: readonly ManifestRow[], place: Omit<ChunkIdentity, 'chunkStart'>): Manifest | null {
  const bound = rows[0];
  if (bound === undefined) return null;
  const same = rows.filter((row) => row.spec_id === bound.spec_id);
  // What was reached under the spec that a frozen chunk had before counts nowhere.
  const known = isFrozen(bound.spec_id) ? same : rows;
  return {
    ...place,
    chunkStart: bound.chunk_start,
    groupGeneration: bound.group_generation,
    specId: bound.spec_id,
    reach: Math.max(...same.map((row) => row.reach)),
    passed: Math.max(...known.map((row) => row.passed)),
    closed: same.some((row) => row.closed === 1),
    replaying: lastReplay(known),
    epoch: lastEpoch(known),
  };
}

function lastReplay(rows: readonly ManifestRow[]): boolean | null {
  const { replay } = rows.reduce((a, b) => (b.reach > a.reach ? b : a));
  return replay < 0 ? null : replay === 1;
}

function lastEpoch(rows: readonly ManifestRow[]): RecordEpoch | null {
  const row = rows.reduce((a, b) => (b.epoch_reach > a.epoch_reach ? b : a));
  return row.leader_epoch < 0 ? null : { leaderEpoch: row.leader_epoch, reach: row.epoch_reach };
}

/** Which spec a partition's latest chunks are bound to, and the start of the first of them. */
export interface SpecInForce {
  partition: number;
  specId: string;
  fromOffset: number;
}

/** The specs in force, of each partition's latest incarnation. */
export async function specsInForce(store: Store, topic: string): Promise<SpecInForce[]> {
  const rows = await store.query<{ partition: number; spec_id: string; from_offset: number }>(IN_FORCE, { topic });
  return rows.map((row) => ({ partition: row.partition, specId: row.spec_id, fromOffset: row.from_offset }));
}

const IN_FORCE = `
  SELECT partition, chunks[-1].2 AS spec_id,
    chunks[arrayLastIndex(chunk -> chunk.2 != spec_id, chunks) + 1].1 AS from_offset
  FROM (
    SELECT partition, arraySort(groupArray((chunk_start, spec))) AS chunks, max(written) AS latest
    FROM (
      SELECT incarnation, partition, chunk_start,
        replaceRegexpOne(argMin(spec_id, (-toInt64(group_generation), spec_id)), '^-at-[0-9]+-', '') AS spec,
        max(written_at) AS written
      FROM manifest_rows WHERE topic = {topic:String} GROUP BY incarnation, partition, chunk_start)
    GROUP BY incarnation, partition
    ORDER BY latest DESC LIMIT 1 BY partition)
  ORDER BY partition`;

const PARTITION = 'topic = {topic:String} AND partition = {partition:UInt32}';

const INCARNATIONS = `SELECT DISTINCT incarnation FROM manifest_rows WHERE ${PARTITION}`;

const HIGHEST = `
  SELECT max(group_generation) AS highest FROM manifest_rows WHERE ${PARTITION} AND incarnation = {incarnation:String}`;

// Left out: what an overtaken owner opened before it noticed, of which there are no rows (see highestGeneration's users).
const LAST_CHUNK = `
  SELECT chunk_start, group_generation, spec_id, max(reach) AS reach, max(passed) AS passed, max(closed) AS closed,
    argMax(replay, manifest_rows.reach) AS replay,
    argMax(leader_epoch, manifest_rows.epoch_reach) AS leader_epoch, max(epoch_reach) AS epoch_reach
  FROM manifest_rows
  WHERE ${PARTITION} AND incarnation = {incarnation:String} AND chunk_start = (
    SELECT max(chunk_start) FROM (
      SELECT chunk_start, max(group_generation) AS generation, max(reach) AS reach,
        max(generation) OVER (ORDER BY chunk_start ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS highest
      FROM manifest_rows WHERE ${PARTITION} AND incarnation = {incarnation:String} GROUP BY chunk_start)
    WHERE generation = highest OR reach > chunk_start)
  GROUP BY chunk_start, group_generation, spec_id
  ORDER BY group_generation DESC, spec_id`;

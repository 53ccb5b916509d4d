import type { ChunkIdentity } from '../core/chunks/types.ts';
import type { Store } from '../ports/store.ts';

/** How far the rows of one chunk reach, and which spec they were made with. */
export interface Manifest extends ChunkIdentity {
  groupGeneration: number;
  specId: string;
  /** Rows cover every offset from `chunkStart` below this one. */
  reach: number;
  /** Greatest arrival in the partition's covered prefix, ms; -1: none. */
  passed: number;
  closed: boolean;
}

/** What is known of a partition when it is assigned. */
export interface PartitionHistory {
  /** The last chunk, under the spec that binds it; null before the first. */
  last: Manifest | null;
  /** Whether another incarnation of the topic was aggregated: committed offsets may then be the older one's. */
  otherIncarnations: boolean;
}

interface ManifestRow {
  chunk_start: number;
  group_generation: number;
  spec_id: string;
  reach: number;
  passed: number;
  closed: number;
}

/** Writes one manifest record; the record of the highest `reach` stays. */
export async function writeManifest(store: Store, manifest: Manifest): Promise<void> {
  await store.insert('manifest_rows', [
    {
      topic: manifest.topic,
      incarnation: manifest.incarnation,
      partition: manifest.partition,
      chunk_start: manifest.chunkStart,
      group_generation: manifest.groupGeneration,
      spec_id: manifest.specId,
      reach: manifest.reach,
      passed: manifest.passed,
      closed: manifest.closed ? 1 : 0,
    },
  ]);
}

/** Of several openings of the last chunk the one of the highest group generation binds; what others reached by its spec counts. */
export async function loadHistory(
  store: Store,
  topic: string,
  incarnation: string,
  partition: number,
): Promise<PartitionHistory> {
  const rows = await store.query<ManifestRow>(LAST_CHUNK, { topic, incarnation, partition });
  const others = await store.query(OTHER_INCARNATION, { topic, incarnation, partition });
  const bound = rows[0];
  if (bound === undefined) return { last: null, otherIncarnations: others.length > 0 };
  const same = rows.filter((row) => row.spec_id === bound.spec_id);
  const last: Manifest = {
    topic,
    incarnation,
    partition,
    chunkStart: bound.chunk_start,
    groupGeneration: bound.group_generation,
    specId: bound.spec_id,
    reach: Math.max(...same.map((row) => row.reach)),
    passed: Math.max(...rows.map((row) => row.passed)),
    closed: same.some((row) => row.closed === 1),
  };
  return { last, otherIncarnations: others.length > 0 };
}

const PARTITION = 'topic = {topic:String} AND partition = {partition:UInt32}';

const LAST_CHUNK = `
  SELECT chunk_start, group_generation, spec_id, max(reach) AS reach, max(passed) AS passed, max(closed) AS closed
  FROM manifest_rows
  WHERE ${PARTITION} AND incarnation = {incarnation:String} AND chunk_start = (
    SELECT max(chunk_start) FROM manifest_rows WHERE ${PARTITION} AND incarnation = {incarnation:String})
  GROUP BY chunk_start, group_generation, spec_id
  ORDER BY group_generation DESC, spec_id`;

const OTHER_INCARNATION = `SELECT 1 FROM manifest_rows WHERE ${PARTITION} AND incarnation != {incarnation:String} LIMIT 1`;

import type { ChunkIdentity, ChunkRow, RowBody } from '../core/chunks/types.ts';
import type { Row, Store } from '../ports/store.ts';
import { gridColumns, sketchColumns } from './sketch-columns.ts';
import { sqlTime } from './time.ts';

/**
 * Appends ledger rows of one chunk, in one INSERT, taking them as they are sent; returns how many there were. Writing the
 * same rows again changes nothing.
 */
export async function insertChunkRows(
  store: Store,
  chunk: ChunkIdentity,
  specId: string,
  rows: Iterable<ChunkRow>,
): Promise<number> {
  const place = {
    topic: chunk.topic,
    incarnation: chunk.incarnation,
    partition: chunk.partition,
    chunk_start: chunk.chunkStart,
    spec_id: specId,
  };
  let written = 0;
  const records = {
    *[Symbol.iterator](): Generator<Row> {
      written = 0;
      for (const row of rows) {
        written += 1;
        yield { ...place, ...record(row) };
      }
    },
  };
  await store.insert('chunk_rows', records);
  return written;
}

/** The offset after the last one that any row of the chunk covers, or its start where there is none. */
export async function coveredUntil(store: Store, chunk: ChunkIdentity, specId: string): Promise<number> {
  const rows = await store.query<{ covered: number }>(COVERED, {
    topic: chunk.topic,
    incarnation: chunk.incarnation,
    partition: chunk.partition,
    chunkStart: chunk.chunkStart,
    specId,
  });
  return Math.max(chunk.chunkStart, rows[0]?.covered ?? 0);
}

const CHUNK = `topic = {topic:String} AND incarnation = {incarnation:String} AND partition = {partition:UInt32}
    AND chunk_start = {chunkStart:UInt64} AND chunk_rows.spec_id = {specId:String}`;

const COVERED = `SELECT max(covered) AS covered FROM chunk_rows WHERE ${CHUNK}`;

/**
 * Copies the chunk's rows of spec `from` that cover nothing beyond `reach`, under spec id `to`. Doing it
 * again changes nothing.
 */
export async function copyChunkRows(
  store: Store,
  chunk: ChunkIdentity,
  { from, to, reach }: { from: string; to: string; reach: number },
): Promise<void> {
  await store.command(COPY, {
    topic: chunk.topic,
    incarnation: chunk.incarnation,
    partition: chunk.partition,
    chunkStart: chunk.chunkStart,
    specId: from,
    to,
    reach,
  });
}

// FINAL would merge the whole table first.
const COPY = `
  INSERT INTO chunk_rows
  SELECT * REPLACE ({to:String} AS spec_id) FROM chunk_rows
  WHERE ${CHUNK} AND covered <= {reach:UInt64}
  ORDER BY covered DESC
  LIMIT 1 BY model, window_start, window_end, version, role, feature, segment, generation`;

function record(row: ChunkRow): Row {
  return {
    model: row.model,
    window_start: sqlTime(row.windowStart),
    window_end: sqlTime(row.windowEnd),
    version: row.version,
    role: row.role,
    feature: row.feature,
    segment: row.segment,
    generation: row.generation,
    covered: row.covered,
    ...bodyColumns(row.body),
  };
}

/** Columns that do not apply are left to their defaults: empty arrays and zeros. */
function bodyColumns(body: RowBody): Row {
  switch (body.form) {
    case 'window':
      return { kind: '', count: body.count, errors: body.errors };
    case 'sketch':
      return { ...sketchColumns(body.sketch) };
    case 'grid':
      return { kind: body.kind, ...gridColumns(body.counts) };
  }
}

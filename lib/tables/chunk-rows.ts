import { setImmediate as turn } from 'node:timers/promises';
import type { ChunkIdentity, ChunkRow } from '../core/chunks/types.ts';
import { BLOCK_BYTES } from '../core/sql/native.ts';
import type { Store } from '../ports/store.ts';
import { CHUNK_COLUMNS, ChunkBlock } from './chunk-block.ts';

/** How long rows are made before others get their turn, ms. */
const TURN_MS = 20;

/** Ledger rows of one chunk on their way into the store: encoded as they are sent, each time anew, or `hold` keeps them. */
export class ChunkInsert {
  /** How many there are, once they were sent or held. */
  rows = 0;
  readonly #chunk: ChunkIdentity;
  readonly #specId: string;
  #source: Iterable<ChunkRow>;
  #held: Uint8Array[] | null = null;

  constructor(chunk: ChunkIdentity, specId: string, rows: Iterable<ChunkRow>) {
    this.#chunk = chunk;
    this.#specId = specId;
    this.#source = rows;
  }

  /** Encodes the rows: what they are made from may change once this has resolved. Others get their turn meanwhile. */
  async hold(): Promise<void> {
    const held: Uint8Array[] = [];
    const encoded = this.#encode(TURN_MS);
    for (let next = encoded.next(); next.done !== true; next = encoded.next()) {
      if (next.value === null) await turn();
      else held.push(next.value);
    }
    this.#held = held;
    this.#source = [];
  }

  *pieces(): Generator<Uint8Array> {
    if (this.#held !== null) yield* this.#held;
    else for (const piece of this.#encode(Number.POSITIVE_INFINITY)) if (piece !== null) yield piece;
  }

  /** Pieces of the INSERT; null whenever it has worked for `turnMs` without a pause. */
  *#encode(turnMs: number): Generator<Uint8Array | null> {
    this.rows = 0;
    let since = performance.now();
    const block = new ChunkBlock(this.#chunk, this.#specId);
    for (const row of this.#source) {
      this.rows += 1;
      block.add(row);
      if (performance.now() - since > turnMs) {
        yield null;
        since = performance.now();
      }
      if (block.bytes >= BLOCK_BYTES) yield block.take();
    }
    const rest = block.take();
    if (rest !== null) yield rest;
  }
}

/** Appends the rows in one INSERT. Writing the same ones again changes nothing. */
export async function insertChunkRows(store: Store, inserts: readonly ChunkInsert[]): Promise<void> {
  const pieces = {
    *[Symbol.iterator](): Generator<Uint8Array> {
      for (const insert of inserts) yield* insert.pieces();
    },
  };
  await store.insertNative('chunk_rows', CHUNK_COLUMNS, pieces);
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

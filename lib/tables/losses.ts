import type { ChunkIdentity } from '../core/chunks/types.ts';
import type { Store } from '../ports/store.ts';

/** Records of one chunk that are in no row, by reason. `events` is a lower bound where the log no longer has them. */
export interface Loss {
  reason: string;
  firstOffset: number;
  lastOffset: number;
  events: number;
}

/**
 * First offset beyond what earlier chunks of the partition have declared, by reason, where that reaches past `chunk`'s
 * start: a flush may have declared losses and been cut off before its rows.
 */
export async function declaredBefore(store: Store, chunk: ChunkIdentity): Promise<Map<string, number>> {
  const rows = await store.query<{ reason: string; declared: number }>(DECLARED, {
    topic: chunk.topic,
    incarnation: chunk.incarnation,
    partition: chunk.partition,
    chunkStart: chunk.chunkStart,
  });
  return new Map(rows.map(({ reason, declared }) => [reason, declared]));
}

const DECLARED = `
  SELECT reason, max(last_offset) + 1 AS declared FROM loss_rows FINAL
  WHERE topic = {topic:String} AND incarnation = {incarnation:String} AND partition = {partition:UInt32}
    AND chunk_start < {chunkStart:UInt64} AND last_offset >= {chunkStart:UInt64}
  GROUP BY reason`;

/**
 * Ends what may be declared of a chunk: its losses for these reasons stay as they are, whatever an overtaken owner still
 * writes, since `version` is greater than any offset of the chunk. Of several callers the greatest version wins; a chunk
 * sealed beyond `end` is left alone.
 */
export async function sealLosses(
  store: Store,
  chunk: ChunkIdentity,
  { reasons, end, version }: { reasons: readonly string[]; end: number; version: number },
): Promise<void> {
  const known = await store.query<StoredLoss>(OF_CHUNK, { ...place(chunk), chunkStart: chunk.chunkStart, reasons });
  const open = reasons.filter((reason) => !known.some((row) => row.reason === reason && row.covered > end));
  await store.insert(
    'loss_rows',
    open.map((reason) => {
      const { chunkStart } = chunk;
      const none = { reason, first_offset: chunkStart, last_offset: chunkStart, events: 0 };
      const loss = known.find((row) => row.reason === reason) ?? none;
      return { ...place(chunk), chunk_start: chunkStart, ...loss, covered: version };
    }),
  );
}

interface StoredLoss {
  reason: string;
  first_offset: number;
  last_offset: number;
  events: number;
  covered: number;
  written_at: string;
}

const OF_CHUNK = `
  SELECT reason, first_offset, last_offset, events, covered, toString(written_at) AS written_at FROM loss_rows FINAL
  WHERE topic = {topic:String} AND incarnation = {incarnation:String} AND partition = {partition:UInt32}
    AND chunk_start = {chunkStart:UInt64} AND reason IN {reasons:Array(String)}`;

function place({ topic, incarnation, partition }: ChunkIdentity): Omit<ChunkIdentity, 'chunkStart'> {
  return { topic, incarnation, partition };
}

/** Declares losses; the record of the highest last offset stays for each (chunk, reason). */
export async function insertLosses(store: Store, chunk: ChunkIdentity, losses: readonly Loss[]): Promise<void> {
  await store.insert(
    'loss_rows',
    losses.map((loss) => ({
      topic: chunk.topic,
      incarnation: chunk.incarnation,
      partition: chunk.partition,
      chunk_start: chunk.chunkStart,
      reason: loss.reason,
      first_offset: loss.firstOffset,
      last_offset: loss.lastOffset,
      events: loss.events,
      covered: loss.lastOffset + 1,
    })),
  );
}

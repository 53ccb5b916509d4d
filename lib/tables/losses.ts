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
  SELECT reason, max(covered) AS declared FROM loss_rows
  WHERE topic = {topic:String} AND incarnation = {incarnation:String} AND partition = {partition:UInt32}
    AND chunk_start < {chunkStart:UInt64} AND loss_rows.covered > {chunkStart:UInt64}
  GROUP BY reason`;

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

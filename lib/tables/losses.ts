import type { ChunkIdentity } from '../core/chunks/types.ts';
import type { Store } from '../ports/store.ts';

/** Records of one chunk that are in no row, by reason. `events` is a lower bound where the log no longer has them. */
export interface Loss {
  reason: string;
  firstOffset: number;
  lastOffset: number;
  events: number;
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

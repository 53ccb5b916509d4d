import type { TimedRecord } from './merge.ts';
import type { ReplaySink } from './sink.ts';

/** Records of one append: large enough that a durable write is cheap, small enough to move the progress bar. */
const BATCH = 2000;

export interface SendOptions {
  /** Told after each durable batch with the records sent so far and the stream's time. */
  onProgress?: (sent: number, time: number) => void;
  /** ms added to the last event time when the stream is closed, so that the last windows complete. */
  tailMs: number;
  signal?: AbortSignal;
}

/** Sends a merged stream in its order, then closes it. Returns the number sent. */
export async function sendReplay(
  sink: ReplaySink,
  records: Iterable<TimedRecord>,
  options: SendOptions,
): Promise<number> {
  let sent = 0;
  let last = 0;
  for (const batch of batches(records)) {
    options.signal?.throwIfAborted();
    await sink.append(batch);
    sent += batch.length;
    last = batch[batch.length - 1]?.time ?? last;
    options.onProgress?.(sent, last);
  }
  if (sent > 0) await sink.close(last + options.tailMs);
  return sent;
}

function* batches(records: Iterable<TimedRecord>): Generator<TimedRecord[]> {
  let batch: TimedRecord[] = [];
  for (const record of records) {
    batch.push(record);
    if (batch.length < BATCH) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

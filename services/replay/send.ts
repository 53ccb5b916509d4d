import { HEADERS, TOPICS } from '../../lib/core/messages/types.ts';
import type { Log, NewRecord } from '../../lib/ports/log.ts';
import type { TimedRecord } from './merge.ts';

/** Records of one append: large enough that a durable write is cheap, small enough to move the progress bar. */
const BATCH = 2000;

export interface SendOptions {
  /** Told after each durable batch with the records sent so far and the stream's time. */
  onProgress?: (sent: number, time: number) => void;
  /** ms added to the last event time in the closing progress records, so that the last windows complete. */
  tailMs: number;
  signal?: AbortSignal;
}

/** Appends a merged stream with its event times as arrivals, then closes every partition. Returns the number sent. */
export async function sendReplay(log: Log, records: Iterable<TimedRecord>, options: SendOptions): Promise<number> {
  let sent = 0;
  let last = 0;
  for (const batch of batches(records)) {
    options.signal?.throwIfAborted();
    await appendBatch(log, batch);
    sent += batch.length;
    last = batch[batch.length - 1]?.time ?? last;
    options.onProgress?.(sent, last);
  }
  for (const topic of [TOPICS.predictions, TOPICS.labels]) await closePartitions(log, topic, last + options.tailMs);
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

async function appendBatch(log: Log, batch: readonly TimedRecord[]): Promise<void> {
  const topics = [...new Set(batch.map((record) => record.topic))];
  await Promise.all(
    topics.map((topic) => log.append(topic, batch.filter((record) => record.topic === topic).map(toRecord))),
  );
}

function toRecord(record: TimedRecord): NewRecord {
  return { key: record.key, value: record.value, headers: { [HEADERS.arrival]: String(record.time) } };
}

async function closePartitions(log: Log, topic: string, arrival: number): Promise<void> {
  const { partitions } = await log.describeTopic(topic);
  const closing = Array.from({ length: partitions }, (_, partition) => ({
    key: null,
    value: null,
    partition,
    headers: { [HEADERS.arrival]: String(arrival), [HEADERS.progress]: '1' },
  }));
  await log.append(topic, closing);
}

import type { Log, NewRecord } from '../../lib/ports/log.ts';
import { SEGMENT } from '../declared/model.ts';
import { jsonEvent, newEvent } from '../kafka/fill.ts';

const DAY = 86_400_000;
const MINUTE = 60_000;
const CALL_RECORDS = 2000;

export interface Stream {
  features: number;
  /** Values of the one segment; 0: none. */
  segments: number;
  /** Events a second. */
  rate: number;
  minutes: number;
  partitions: number;
}

/** What was sent: events with times in [start, end), half of them before a midnight, ms; bytes of their JSON. */
export interface Sent {
  events: number;
  bytes: number;
  start: number;
  end: number;
}

/** Appends the stream as of two days ago, and then one event a partition of the day after, by which all before has passed. */
export async function appendEvents(log: Log, topic: string, stream: Stream): Promise<Sent> {
  const { features, segments, rate, minutes, partitions } = stream;
  const midnight = Math.floor(Date.now() / DAY) * DAY - DAY;
  const sent = {
    events: 0,
    bytes: 0,
    start: midnight - (minutes / 2) * MINUTE,
    end: midnight + (minutes / 2) * MINUTE,
  };
  const total = minutes * 60 * rate;
  const record = (index: number, timestamp: number): NewRecord & { value: Buffer } => {
    const own = segments === 0 ? {} : { segments: { [SEGMENT]: `r${Math.floor(index / partitions) % segments}` } };
    const value = jsonEvent([{ ...newEvent(index, features, timestamp), ...own }]);
    return { key: null, value, timestamp, partition: index % partitions };
  };
  while (sent.events < total) {
    const records = Array.from({ length: Math.min(CALL_RECORDS, total - sent.events) }, (_, i) => {
      const index = sent.events + i;
      return record(index, sent.start + Math.floor((index * 1000) / rate));
    });
    await log.append(topic, records);
    sent.events += records.length;
    sent.bytes += records.reduce((sum, { value }) => sum + value.length, 0);
  }
  const later = midnight + DAY + 10 * MINUTE;
  await log.append(
    topic,
    Array.from({ length: partitions }, (_, partition) => record(partition, later)),
  );
  return sent;
}

import { partitionForKey } from '../../core/partitioner.ts';
import type { NewRecord } from '../../ports/log.ts';
import type { Partition, Topic } from './catalog.ts';
import type { PreparedRecord } from './record-batch.ts';

/** Makes bytes of a record, so that the caller may change its own afterwards. */
export function prepareRecord(record: NewRecord, now: number): PreparedRecord {
  const timestamp = record.timestamp ?? now;
  if (!Number.isSafeInteger(timestamp))
    throw new TypeError(`record timestamp must be whole milliseconds, not ${timestamp}`);
  return {
    timestamp,
    key: toBytes(record.key),
    value: toBytes(record.value),
    headers: Object.entries(record.headers ?? {}).map(([name, value]) => [name, Buffer.from(value)] as const),
  };
}

/** Chooses partitions as Kafka's default partitioner does: by key, and in turns without one. */
export class Partitioner {
  private turn = 0;

  choose(topic: Topic, record: NewRecord, key: Buffer | null): Partition {
    const { partitions } = topic;
    const number =
      record.partition ?? (key === null ? this.turn++ % partitions.length : partitionForKey(key, partitions.length));
    const partition = partitions[number];
    if (partition === undefined) {
      throw new RangeError(`topic ${topic.name} has ${partitions.length} partitions, none numbered ${number}`);
    }
    return partition;
  }
}

function toBytes(value: string | Buffer | null): Buffer | null {
  return typeof value === 'string' ? Buffer.from(value) : value;
}

import { HEADERS, TOPICS } from '../../lib/core/messages/types.ts';
import type { Log } from '../../lib/ports/log.ts';
import type { TimedRecord } from './merge.ts';
import type { ReplaySink } from './sink.ts';

/** Straight into the log, each record with its event time as its arrival. */
export function logSink(log: Log): ReplaySink {
  return {
    async append(records) {
      const topics = [...new Set(records.map((record) => record.topic))];
      await Promise.all(
        topics.map((topic) => log.append(topic, records.filter((record) => record.topic === topic).map(toRecord))),
      );
    },
    async close(arrival) {
      for (const topic of [TOPICS.predictions, TOPICS.labels]) await closePartitions(log, topic, arrival);
    },
  };
}

function toRecord(record: TimedRecord) {
  return { key: record.key, value: record.value, headers: { [HEADERS.arrival]: String(record.time) } };
}

/** A progress record on every partition: idleness completes nothing while a partition's last record is a replay's. */
async function closePartitions(log: Log, topic: string, arrival: number): Promise<void> {
  const { partitions } = await log.describeTopic(topic);
  const headers = { [HEADERS.arrival]: String(arrival), [HEADERS.progress]: '1' };
  const closing = Array.from({ length: partitions }, (_, partition) => ({
    key: null,
    value: null,
    partition,
    headers,
  }));
  await log.append(topic, closing);
}

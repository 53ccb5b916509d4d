import type { Log, LogRecord } from '../../lib/ports/log.ts';
import { eventually } from './eventually.ts';

/** Every record of a topic, by partition and offset. */
export async function readAll(log: Log, topic: string): Promise<LogRecord[]> {
  const ends = new Map((await log.offsets(topic)).map((partition) => [partition.partition, partition]));
  const left = new Set(
    [...ends.values()].filter(({ beginning, end }) => end > beginning).map(({ partition }) => partition),
  );
  const records: LogRecord[] = [];
  if (left.size === 0) return records;
  const consumer = await log.consume({
    group: `reader-${Math.random()}`,
    topics: [topic],
    handlers: {
      onAssigned: async ({ partition }) => ({ offset: ends.get(partition)!.beginning }),
      onRevoked: async () => {},
      onBatch: async (batch) => {
        records.push(...batch.records);
        if (batch.nextOffset >= ends.get(batch.partition)!.end) left.delete(batch.partition);
      },
    },
  });
  try {
    await eventually(`every record of ${topic}`, () => left.size === 0);
  } finally {
    await consumer.close();
  }
  return records;
}

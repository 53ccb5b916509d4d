import { randomUUID } from 'node:crypto';
import { TOPICS } from '../../lib/core/messages/types.ts';
import type { Log } from '../../lib/ports/log.ts';
import { Stopwatch, type Took } from './stopwatch.ts';

/** What is done with each record's value: nothing, or JSON.parse. */
export type Touch = (value: Buffer) => void;

/** The whole topic through a log's own consumer, without a service. */
export async function readLog(log: Log, total: number, touch: Touch): Promise<Took> {
  const watch = new Stopwatch(total);
  const consumer = await log.consume({
    group: `bench-${randomUUID()}`,
    topics: [TOPICS.predictions],
    handlers: {
      onAssigned: async () => ({ offset: 0 }),
      onRevoked: async () => {},
      onBatch: async ({ records }) => {
        watch.begin();
        for (const { value } of records) if (value !== null) touch(value);
        watch.count(records.length);
      },
    },
  });
  await Promise.race([watch.read, consumer.failed]);
  const took = watch.end();
  await consumer.close();
  return took;
}

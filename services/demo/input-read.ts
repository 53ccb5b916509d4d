import { TOPICS } from '../../lib/core/messages/types.ts';
import type { Log } from '../../lib/ports/log.ts';
import type { Store } from '../../lib/ports/store.ts';

/** True once the store holds every record of the prediction log and `labels` labels. */
export async function inputRead(log: Log, store: Store, labels: number): Promise<boolean> {
  const offsets = await log.offsets(TOPICS.predictions);
  const reached = await store.query<{ partition: number; reach: number }>(
    'SELECT partition, max(reach) AS reach FROM manifest_rows WHERE topic = {topic:String} GROUP BY partition',
    { topic: TOPICS.predictions },
  );
  const reach = new Map(reached.map((row) => [row.partition, row.reach]));
  const [stored] = await store.query<{ labels: number }>('SELECT count() AS labels FROM label_rows FINAL');
  return offsets.every(({ partition, end }) => (reach.get(partition) ?? 0) >= end) && (stored?.labels ?? 0) >= labels;
}

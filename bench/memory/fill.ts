import { TOPICS } from '../../lib/core/messages/types.ts';
import type { Log } from '../../lib/ports/log.ts';
import { SEGMENT } from '../declared/model.ts';
import { jsonEvent, newEvent } from '../kafka/fill.ts';

export const HOUR = 3_600_000;
const CALL_BYTES = 1024 * 1024;

export interface Shape {
  features: number;
  /** Values of the one segment; 0: none. */
  segments: number;
  /** Hours that every partition has events of by turns. */
  windows: number;
}

/** Fills the predictions topic, evenly over its partitions, all windows open at once; resolves to the bytes of an event. */
export async function fillShape(log: Log, shape: Shape, events: number, partitions: number): Promise<number> {
  const { features, segments, windows } = shape;
  await log.ensureTopics(Object.values(TOPICS).map((name) => ({ name, partitions })));
  const first = Math.floor(Date.now() / HOUR) * HOUR - windows * HOUR;
  let bytes = 0;
  for (let sent = 0; sent < events; ) {
    const records = [];
    for (let size = 0; size < CALL_BYTES && sent < events; sent++) {
      const turn = Math.floor(sent / partitions);
      const own = segments === 0 ? {} : { segments: { [SEGMENT]: `r${Math.floor(turn / windows) % segments}` } };
      const event = newEvent(sent, features, first + (turn % windows) * HOUR + (sent % HOUR));
      const value = jsonEvent([{ ...event, ...own }]);
      records.push({ key: null, value, partition: sent % partitions });
      size += value.length;
      bytes += value.length;
    }
    await log.append(TOPICS.predictions, records);
  }
  return bytes / events;
}

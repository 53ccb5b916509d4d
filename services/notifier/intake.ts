import type { AlertEvent } from '../../lib/core/alerts/types.ts';
import { TOPICS } from '../../lib/core/messages/types.ts';
import type { Codec, DeadLetter } from '../../lib/ports/codec.ts';
import type { Batch, LogRecord } from '../../lib/ports/log.ts';
import { deadLetter } from '../../lib/runtime/dead-letters.ts';
import { describeError } from '../../lib/runtime/errors.ts';
import { sqlTime } from '../../lib/tables/time.ts';
import type { IncidentNews } from './desk.ts';

export interface Intake {
  /** One entry per incident, in order of appearance: four hundred alerts of one incident are one decision. */
  news: IncidentNews[];
  letters: DeadLetter[];
}

/** Reads a batch of the alerts topic. Pending alerts belong to no incident yet and cause nothing. */
export function readBatch(codec: Codec, batch: Batch, incarnation: string): Intake {
  const news = new Map<string, { events: AlertEvent[]; raisedAt: number }>();
  const letters: DeadLetter[] = [];
  for (const record of batch.records) {
    try {
      const event = readEvent(codec, record);
      if (event?.incident) addNews(news, event.incident, event, record.timestamp);
    } catch (error) {
      const origin = { topic: TOPICS.alerts, incarnation, partition: batch.partition, offset: record.offset };
      letters.push(deadLetter(origin, record, { code: 'unreadable_alert', path: '', message: describeError(error) }));
    }
  }
  return { news: [...news].map(([incident, item]) => ({ incident, ...item })), letters };
}

/** null for a tombstone. Throws on bytes that are no alert event, and on times that no table can hold. */
function readEvent(codec: Codec, record: LogRecord): AlertEvent | null {
  if (record.value === null) return null;
  const event = codec.decodeAlert(record.value);
  for (const time of [event.since, event.asOf]) sqlTime(time);
  return event;
}

function addNews(
  news: Map<string, { events: AlertEvent[]; raisedAt: number }>,
  incident: string,
  event: AlertEvent,
  at: number,
): void {
  const item = news.get(incident);
  if (item) item.events.push(event);
  else news.set(incident, { events: [event], raisedAt: at });
}

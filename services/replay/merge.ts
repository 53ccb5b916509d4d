import { TOPICS } from '../../lib/core/messages/types.ts';
import type { EventRow } from './event-rows.ts';

/** One record to send, at its event time. */
export interface TimedRecord {
  time: number;
  topic: string;
  key: string;
  value: string;
}

/** One file's events with the delay of their labels. */
export interface Stream {
  rows: readonly EventRow[];
  labelDelayMs: number;
}

interface Cursor {
  next(): TimedRecord | null;
  time(): number;
}

/** Predictions and labels of all streams in time order; at equal times predictions come first. */
export function* mergeStreams(streams: readonly Stream[]): Generator<TimedRecord> {
  const cursors = [...streams.map(predictionCursor), ...streams.map(labelCursor)];
  for (;;) {
    let earliest = cursors[0];
    for (const cursor of cursors) if (earliest === undefined || cursor.time() < earliest.time()) earliest = cursor;
    const record = earliest?.next() ?? null;
    if (record === null) return;
    yield record;
  }
}

function predictionCursor({ rows }: Stream): Cursor {
  let index = 0;
  return {
    time: () => rows[index]?.time ?? Number.POSITIVE_INFINITY,
    next() {
      const row = rows[index++];
      return row === undefined
        ? null
        : { time: row.time, topic: TOPICS.predictions, key: row.predictionId, value: row.prediction };
    },
  };
}

function labelCursor({ rows, labelDelayMs }: Stream): Cursor {
  const labelled = rows.filter((row) => row.label !== null);
  let index = 0;
  return {
    time: () => (labelled[index]?.time ?? Number.POSITIVE_INFINITY) + labelDelayMs,
    next() {
      const row = labelled[index++];
      if (row === undefined || row.label === null) return null;
      return { time: row.time + labelDelayMs, topic: TOPICS.labels, key: row.predictionId, value: row.label };
    },
  };
}

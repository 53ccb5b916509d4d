import type { Label, Prediction } from '../core/events/types.ts';
import type { Row, Store } from '../ports/store.ts';
import { sqlTime } from './time.ts';

/** Where a record lies: the key of its raw row. */
export interface RecordPlace {
  topic: string;
  incarnation: string;
  partition: number;
  offset: number;
}

/** What of an event has columns of its own in the raw prediction log. */
export type StoredEvent = Pick<
  Prediction,
  'model' | 'timestamp' | 'predictionId' | 'version' | 'role' | 'score' | 'label' | 'value' | 'latencyMs' | 'error'
>;

/** A row of the raw prediction log. `event` is the event as JSON. */
export function predictionRow(place: RecordPlace, prediction: StoredEvent, event: string): Row {
  return {
    ...place,
    model: prediction.model,
    timestamp: sqlTime(prediction.timestamp),
    prediction_id: prediction.predictionId,
    version: prediction.version,
    role: prediction.role,
    score: finite(prediction.score),
    label: prediction.label,
    value: finite(prediction.value),
    latency_ms: finite(prediction.latencyMs),
    error: prediction.error,
    event,
  };
}

export function labelRow(place: RecordPlace, label: Label): Row {
  return {
    ...place,
    model: label.model,
    prediction_id: label.predictionId,
    label: String(label.label),
    timestamp: sqlTime(label.timestamp),
  };
}

/** Keyed by (incarnation, partition, offset): writing them again changes nothing. */
export async function insertPredictions(store: Store, rows: readonly Row[]): Promise<void> {
  await store.insert('prediction_rows', rows);
}

/** Whether labels of this partition are stored, but none of this incarnation of the topic. */
export async function isNewIncarnation(store: Store, place: Omit<RecordPlace, 'offset'>): Promise<boolean> {
  const rows = await store.query<{ incarnation: string }>(
    'SELECT DISTINCT incarnation FROM label_rows WHERE topic = {topic:String} AND partition = {partition:UInt32}',
    { topic: place.topic, partition: place.partition },
  );
  return rows.length > 0 && rows.every(({ incarnation }) => incarnation !== place.incarnation);
}

export async function insertLabels(store: Store, rows: readonly Row[]): Promise<void> {
  await store.insert('label_rows', rows);
}

/** JSON has no infinities and no NaN; the event itself still says them. */
function finite(value: number | null): number | null {
  return value !== null && Number.isFinite(value) ? value : null;
}

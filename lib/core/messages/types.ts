/** What the aggregator announces on `driftline.windows` (internal). Shapes in schemas/. */

/** Sent to every partition of the topic: how far one input partition has come, after its rows are durable. */
export interface ProgressMessage {
  kind: 'progress';
  topic: string;
  incarnation: string;
  partition: number;
  /** Rows cover every offset below this one. */
  reach: number;
  /** `arrived`; or, where the broker has confirmed since that the partition is idle, the time of that confirmation if greater, ms. */
  passed: number;
  /** Greatest arrival in the covered prefix, ms; -1: nothing seen yet. */
  arrived: number;
  /**
   * The partition's last record is, or (before its rows are written) the next one will be, part of a replay: what idleness
   * has passed does not count, here and on every other partition.
   */
  replaying: boolean;
}

/** Keyed by model: these windows of the model have new durable ledger rows. */
export interface WindowsMessage {
  kind: 'windows';
  topic: string;
  incarnation: string;
  partition: number;
  reach: number;
  model: string;
  windows: { version: string; role: string; start: number; end: number }[];
}

export type AnnouncementMessage = ProgressMessage | WindowsMessage;

/** Topic names: part of the outside interface. */
export const TOPICS = {
  predictions: 'driftline.predictions',
  labels: 'driftline.labels',
  windows: 'driftline.windows',
  alerts: 'driftline.alerts',
  deadLetters: 'driftline.dead-letters',
} as const;

/** Header names on input records. */
export const HEADERS = {
  /** Arrival time in ms, decimal; makes the stream a replay. */
  arrival: 'driftline-arrival',
  /** Present (any value): the record carries no event, only its arrival. A replay ends with one on every partition. */
  progress: 'driftline-progress',
} as const;

import type { Decoded, Label, Prediction, Rejection, RejectionCode } from '../../../lib/core/events/types.ts';
import { HEADERS } from '../../../lib/core/messages/types.ts';
import { type Log, LogUnavailableError, type NewRecord } from '../../../lib/ports/log.ts';
import type { Limits } from '../limits.ts';
import type { HandOver } from './hand-over.ts';
import type { Item } from './items.ts';
import { serialise } from './serialise.ts';

/** What an endpoint takes: where it goes and how one event is checked. */
export interface IngestKind {
  path: string;
  topic: string;
  parse(json: unknown): Decoded<Prediction | Label>;
  /** Shown in /docs. */
  example: object;
}

export type RejectedItem = Rejection & { index: number };

export interface IngestResult {
  accepted: number;
  rejected: RejectedItem[];
  /** Places of events that are not known to be in the log: to be sent again, and only these. */
  resend: number[];
}

/** When a request's events arrived: now (the log's stamp), each at its own event time, or all at one time, ms. */
export type RequestArrival = 'now' | 'event' | number;

/**
 * Checks each item and hands the good ones to the log in one call. Any arrival but `now` goes into the records' headers,
 * which makes them a replay. Rejects with LogUnavailableError where nothing was tried.
 */
export async function submit(
  handOver: HandOver,
  kind: IngestKind,
  items: readonly Item[],
  options: { arrival: RequestArrival; limits: Limits },
): Promise<IngestResult> {
  const records: NewRecord[] = [];
  const places: number[] = [];
  const rejections: RejectedItem[] = [];
  for (const [index, item] of items.entries()) {
    const outcome = toRecord(kind, item, options);
    if (outcome.ok) {
      records.push(outcome.value);
      places.push(index);
    } else rejections.push({ index, ...outcome.rejection });
  }
  if (records.length === 0) return { accepted: 0, rejected: rejections, resend: [] };
  const { taken, tooLarge, unknown } = await handOver.send(kind.topic, records);
  for (const { at, message } of tooLarge) rejections.push({ index: places[at]!, code: 'too_large', path: '', message });
  return {
    accepted: taken.length,
    rejected: rejections.toSorted((a, b) => a.index - b.index),
    resend: unknown.map((at) => places[at]!),
  };
}

function toRecord(
  kind: IngestKind,
  item: Item,
  options: { arrival: RequestArrival; limits: Limits },
): Decoded<NewRecord> {
  if (!item.ok) return item;
  const parsed = kind.parse(item.json);
  if (!parsed.ok) return parsed;
  const value = serialise(item.json);
  if (value === null) return rejected('wrong_type', 'the event nests too deeply');
  const bytes = Buffer.byteLength(value);
  const limit = options.limits.eventBytes;
  if (bytes > limit) return rejected('too_large', `the event has ${bytes} bytes; at most ${limit} are taken`);
  const { predictionId, timestamp } = parsed.value;
  const { arrival } = options;
  if (arrival === 'now') return { ok: true, value: { key: predictionId, value } };
  const at = arrival === 'event' ? timestamp : arrival;
  return { ok: true, value: { key: predictionId, value, headers: { [HEADERS.arrival]: String(at) } } };
}

/**
 * Moves the time of every partition on without an event, as the end of a replay does. Durable when it resolves; rejects
 * with LogUnavailableError where it may not be everywhere (doing it again is harmless).
 */
export async function passTime(log: Log, handOver: HandOver, topic: string, arrival: number): Promise<void> {
  const { partitions } = await log.describeTopic(topic);
  const headers = { [HEADERS.arrival]: String(arrival), [HEADERS.progress]: '1' };
  const records = Array.from({ length: partitions }, (_, partition) => ({
    key: null,
    value: null,
    partition,
    headers,
  }));
  const { taken } = await handOver.send(topic, records);
  if (taken.length < records.length) throw new LogUnavailableError('the end of the replay is not in every partition');
}

function rejected(code: RejectionCode, message: string): Decoded<NewRecord> {
  return { ok: false, rejection: { code, path: '', message } };
}

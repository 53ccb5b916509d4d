import type { Decoded, Label, Prediction, Rejection, RejectionCode } from '../../../lib/core/events/types.ts';
import { HEADERS } from '../../../lib/core/messages/types.ts';
import type { Log, NewRecord } from '../../../lib/ports/log.ts';
import type { Limits } from '../limits.ts';
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
}

/** When a request's events arrived: now (the log's stamp), each at its own event time, or all at one time, ms. */
export type RequestArrival = 'now' | 'event' | number;

/**
 * Checks each item and appends the good ones in one call, durable when it resolves. Any arrival but `now` goes into the
 * records' headers, which makes them a replay. Rejects with LogUnavailableError when none may be counted on.
 */
export async function submit(
  log: Log,
  kind: IngestKind,
  items: readonly Item[],
  options: { arrival: RequestArrival; limits: Limits },
): Promise<IngestResult> {
  const records: NewRecord[] = [];
  const rejected: RejectedItem[] = [];
  for (const [index, item] of items.entries()) {
    const outcome = toRecord(kind, item, options);
    if (outcome.ok) records.push(outcome.value);
    else rejected.push({ index, ...outcome.rejection });
  }
  if (records.length > 0) await log.append(kind.topic, records);
  return { accepted: records.length, rejected };
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

/** Moves the time of every partition on without an event, as the end of a replay does. Durable when it resolves. */
export async function passTime(log: Log, topic: string, arrival: number): Promise<void> {
  const { partitions } = await log.describeTopic(topic);
  const headers = { [HEADERS.arrival]: String(arrival), [HEADERS.progress]: '1' };
  const records = Array.from({ length: partitions }, (_, partition) => ({
    key: null,
    value: null,
    partition,
    headers,
  }));
  await log.append(topic, records);
}

function rejected(code: RejectionCode, message: string): Decoded<NewRecord> {
  return { ok: false, rejection: { code, path: '', message } };
}

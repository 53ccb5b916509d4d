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

/**
 * Checks each item and appends the good ones in one call, durable when it resolves. `eventTime` stamps each record's
 * arrival with its own event time, which makes it a replay. Rejects with LogUnavailableError when none may be counted on.
 */
export async function submit(
  log: Log,
  kind: IngestKind,
  items: readonly Item[],
  options: { eventTime: boolean; limits: Limits },
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

function toRecord(kind: IngestKind, item: Item, options: { eventTime: boolean; limits: Limits }): Decoded<NewRecord> {
  if (!item.ok) return item;
  const parsed = kind.parse(item.json);
  if (!parsed.ok) return parsed;
  const value = serialise(item.json);
  if (value === null) return rejected('wrong_type', 'the event nests too deeply');
  const bytes = Buffer.byteLength(value);
  const limit = options.limits.eventBytes;
  if (bytes > limit) return rejected('too_large', `the event has ${bytes} bytes; at most ${limit} are taken`);
  const { predictionId, timestamp } = parsed.value;
  const headers = options.eventTime ? { headers: { [HEADERS.arrival]: String(timestamp) } } : {};
  return { ok: true, value: { key: predictionId, value, ...headers } };
}

function rejected(code: RejectionCode, message: string): Decoded<NewRecord> {
  return { ok: false, rejection: { code, path: '', message } };
}

import { type Log, type NewRecord, RecordTooLargeError } from '../../lib/ports/log.ts';

export interface LimitedLog {
  log: Log;
  /** What was taken, in order. */
  taken: NewRecord[];
  /** How many records each append held. */
  appends: number[];
}

/** A log that can do nothing but append, and takes no value of more than `limit` bytes, as a Kafka topic does. */
export function limitedLog(limit: number): LimitedLog {
  const taken: NewRecord[] = [];
  const appends: number[] = [];
  const append: Log['append'] = async (topic, records, settled) => {
    appends.push(records.length);
    const refusals = records.map(({ value }) => {
      const bytes = value === null ? 0 : Buffer.byteLength(value);
      return bytes > limit ? new RecordTooLargeError(topic, bytes, null) : undefined;
    });
    for (const [index, refusal] of refusals.entries()) {
      if (refusal === undefined) taken.push(records[index]!);
      settled?.(index, refusal);
    }
    const first = refusals.find((refusal) => refusal !== undefined);
    if (first !== undefined) throw first;
  };
  return { log: { append } as Log, taken, appends };
}

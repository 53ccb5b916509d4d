import { type Log, type NewRecord, RecordTooLargeError } from '../ports/log.ts';

/** How an item becomes a record, and what is left of it where the topic takes no record of that size. */
export interface Fitting<T> {
  record(item: T): NewRecord;
  /** A shorter form of the item; null where nothing more can be left out. */
  shorter(item: T): T | null;
}

/**
 * Appends a record for each item; what the topic refuses for its size is made shorter until it is taken. Sending it
 * again as it is would be refused for ever. Rejects as `Log.append` does, with RecordTooLargeError only where the
 * shortest form is refused too. Returns the items that were shortened, as they were taken.
 */
export async function appendFitting<T extends object>(
  log: Log,
  topic: string,
  items: readonly T[],
  { record, shorter }: Fitting<T>,
): Promise<T[]> {
  const shortened = new Set<T>();
  for (let left = items; left.length > 0; ) {
    const { refused, unsent } = await tryAppend(log, topic, left.map(record));
    const next = unsent.map((index) => left[index]!);
    for (const [index, error] of refused) {
      const item = left[index]!;
      const less = shorter(item);
      if (less === null) throw error;
      shortened.delete(item);
      shortened.add(less);
      next.push(less);
    }
    left = next;
  }
  return [...shortened];
}

interface Refused {
  /** By place: refused for their size. */
  refused: Map<number, RecordTooLargeError>;
  /** Places of those that a refused neighbour kept from being sent. */
  unsent: number[];
}

async function tryAppend(log: Log, topic: string, records: readonly NewRecord[]): Promise<Refused> {
  const fates = new Map<number, unknown>();
  const failure = await log
    .append(topic, records, (index, error) => fates.set(index, error))
    .then(
      () => undefined,
      (error: unknown) => error ?? new Error('append failed'),
    );
  if (failure === undefined) return { refused: new Map(), unsent: [] };
  const failures = [failure, ...[...fates.values()].filter((error) => error !== undefined)];
  const other = failures.find((error) => !(error instanceof RecordTooLargeError));
  if (other !== undefined) throw other;
  const refused = new Map([...fates].filter((fate): fate is [number, RecordTooLargeError] => fate[1] !== undefined));
  if (refused.size === 0) throw failure;
  return { refused, unsent: [...records.keys()].filter((index) => !fates.has(index)) };
}

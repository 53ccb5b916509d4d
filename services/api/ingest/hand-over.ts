import { type Log, LogUnavailableError, type NewRecord, RecordTooLargeError } from '../../../lib/ports/log.ts';

/** What became of records, by their place in the call. */
export interface HandedOver {
  /** Durable in the log. */
  taken: number[];
  /** The topic takes none of this size, and never will. */
  tooLarge: { at: number; message: string }[];
  /** Not known to be in the log. */
  unknown: number[];
}

export interface HandOverLimits {
  /** How long a request waits for the log, ms. */
  logPatienceMs: number;
  /** Bytes of records that the log has not answered for yet, of all requests together. */
  waitingBytes: number;
}

/**
 * Hands records to the log and tells each one's fate, in bounded time and memory: a log that does not answer is given up
 * after a while, and while too much waits for it nothing more is taken. Anything but the log's own refusals is thrown.
 */
export class HandOver {
  readonly #log: Log;
  readonly #limits: HandOverLimits;
  #waitingBytes = 0;

  constructor(log: Log, limits: HandOverLimits) {
    this.#log = log;
    this.#limits = limits;
  }

  async send(topic: string, records: readonly NewRecord[]): Promise<HandedOver> {
    const bytes = records.reduce((sum, record) => sum + sizeOf(record), 0);
    // A request that finds nothing waiting is always tried: none may be too large for good.
    if (this.#waitingBytes > 0 && this.#waitingBytes + bytes > this.#limits.waitingBytes) {
      throw new LogUnavailableError(`${this.#waitingBytes} bytes of earlier requests wait for the log`);
    }
    const fates = new Map<number, unknown>();
    this.#waitingBytes += bytes;
    const appended = this.#log
      .append(topic, records, (index, error) => fates.set(index, error))
      .then(() => {
        for (const at of records.keys()) fates.set(at, undefined);
      })
      .finally(() => {
        this.#waitingBytes -= bytes;
      });
    await this.#patiently(appended);
    return sortOut(records.length, fates);
  }

  async #patiently(appended: Promise<void>): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, this.#limits.logPatienceMs);
    });
    try {
      await Promise.race([appended, patience]);
    } catch (error) {
      if (!isRefusal(error)) throw error;
    } finally {
      clearTimeout(timer);
    }
  }
}

function sortOut(count: number, fates: ReadonlyMap<number, unknown>): HandedOver {
  const sorted: HandedOver = { taken: [], tooLarge: [], unknown: [] };
  for (let at = 0; at < count; at += 1) {
    const error = fates.get(at);
    if (!fates.has(at)) sorted.unknown.push(at);
    else if (error === undefined) sorted.taken.push(at);
    else if (error instanceof RecordTooLargeError) sorted.tooLarge.push({ at, message: error.message });
    else sorted.unknown.push(at);
  }
  return sorted;
}

function isRefusal(error: unknown): boolean {
  return error instanceof LogUnavailableError || error instanceof RecordTooLargeError;
}

function sizeOf({ key, value }: NewRecord): number {
  return (key?.length ?? 0) + (value?.length ?? 0);
}

import { HEADERS } from '../../lib/core/messages/types.ts';
import type { LogRecord } from '../../lib/ports/log.ts';

export interface Arrival {
  /** ms */
  at: number;
  /** The record says itself when it arrived: it belongs to a replay. */
  fromHeader: boolean;
}

/** The last moment the store can date; an arrival beyond it is no date. */
const LAST = Date.UTC(2299, 0, 1);

/** The record's arrival: its header, or else (also where the header is no decimal number of ms) its log timestamp. */
export function arrivalOf(record: LogRecord): Arrival {
  const header = record.headers[HEADERS.arrival]?.toString('latin1');
  if (header !== undefined && /^\d{1,15}$/.test(header)) {
    const at = Number(header);
    if (at < LAST) return { at, fromHeader: true };
  }
  return { at: record.timestamp, fromHeader: false };
}

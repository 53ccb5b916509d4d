import { parseArrival } from '../../lib/core/messages/arrival.ts';
import { HEADERS } from '../../lib/core/messages/types.ts';
import type { LogRecord } from '../../lib/ports/log.ts';

export interface Arrival {
  /** ms */
  at: number;
  /** The record says itself when it arrived: it belongs to a replay. */
  fromHeader: boolean;
}

/** The record's arrival: its header, or else (also where the header is no decimal number of ms) its log timestamp. */
export function arrivalOf(record: LogRecord): Arrival {
  const header = record.headers[HEADERS.arrival]?.toString('latin1');
  const at = header === undefined ? null : parseArrival(header);
  return at === null ? { at: record.timestamp, fromHeader: false } : { at, fromHeader: true };
}

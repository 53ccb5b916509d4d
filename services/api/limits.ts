/** What a request may hold. Checked before anything is decoded or parsed into objects. */
export interface Limits {
  /** Bytes of a body, as sent and after decompression. */
  bodyBytes: number;
  /** Events of one request. */
  events: number;
  /** Bytes of one event as JSON; the log refuses records beyond about 1 MB. */
  eventBytes: number;
  /** How long a request waits for the log before it is answered 503, ms. */
  logPatienceMs: number;
  /** Bytes of events that the log has not answered for yet, of all requests together; beyond, 503. */
  waitingBytes: number;
}

export const DEFAULT_LIMITS: Limits = {
  bodyBytes: 16 * 1024 * 1024,
  events: 50_000,
  eventBytes: 900_000,
  logPatienceMs: 10_000,
  waitingBytes: 64 * 1024 * 1024,
};

/** A half-open event-time interval [start, end), ms. */
export interface TimeWindow {
  start: number;
  end: number;
}

/** Tumbling windows of a fixed length aligned in a time zone: `1d` windows begin at local midnight, so DST days have 23 or 25 hours. */
export interface WindowSpec {
  /** Nominal length in ms. */
  lengthMs: number;
  /** IANA name; `UTC` by default. */
  timezone: string;
}

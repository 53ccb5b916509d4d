/** Sizes an event may have, in one place. They are checked before (bytes) or while (everything else) it is read. */
export const LIMITS = {
  /** Bytes of one encoded event; Kafka's own default for a message. */
  eventBytes: 1_048_576,
  /** Features of one event; also entries of each of its maps. */
  mapEntries: 10_000,
  /** UTF-16 code units of a feature's name, an id, a version, a segment's value. */
  nameLength: 256,
  /** UTF-16 code units of a text value. */
  textLength: 65_536,
  /** Numbers in one vector. */
  vectorLength: 8_192,
  /** Rows of one columnar batch. */
  batchRows: 65_536,
  /** Characters, estimated, that the rows of one columnar batch take as single JSON events. */
  batchText: 33_554_432,
} as const;

/**
 * What one process takes from Kafka at once. A record or batch beyond is handed over without its bytes, as too large: it
 * becomes a dead letter, and its neighbours are read. See docs/limits.md.
 */
export const KAFKA_LIMITS = {
  /** Bytes of a record's key or value; of a longer one only the beginning is handed over. */
  recordBytes: 1_048_576,
  /** What is kept of a record that is too long. */
  keptBytes: 262_144,
  /** What one batch may grow to; ordinary ones of up to 1 MB grow tenfold. Each partition may hold one or two of them. */
  inflatedBytes: 16 * 1024 * 1024,
  /** Records of one batch: each is an object. A batch of more halts its partition. */
  batchRecords: 200_000,
} as const;

/** A column of a batch as its bytes have it: one item a row. See "Columnar batches" in docs/topics.md. */
export interface BatchColumn {
  name: string;
  kind: 'numeric' | 'boolean' | 'categorical';
  /** float64, little endian; u8; or u32, little endian, into the dictionary. */
  values: Uint8Array;
  dictionary: readonly string[];
  /** Empty, or one u8 a row: 1 = missing. */
  missing: Uint8Array;
}

/** Ids of a batch: places in bytes that are plain ASCII there, or texts. */
export type BatchIds =
  | { count: number; source: Uint8Array; starts: Uint32Array; ends: Uint32Array }
  | { count: number; source: null; texts: readonly string[] };

/** Predictions of one model, version and role that came in one record. */
export interface ColumnarBatch {
  model: string;
  version: string;
  role: string;
  ids: BatchIds;
  /** int64, little endian: ms. */
  timestamps: Uint8Array;
  columns: readonly BatchColumn[];
}

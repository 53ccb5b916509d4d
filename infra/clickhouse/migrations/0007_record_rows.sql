-- The record of a columnar batch holds many predictions, which no longer differ in their offset.
ALTER TABLE prediction_rows {{on_cluster}}
  ADD COLUMN IF NOT EXISTS row UInt32 COMMENT 'within its record: 0 but in columnar batches' AFTER offset,
  MODIFY ORDER BY (model, timestamp, incarnation, partition, offset, row);

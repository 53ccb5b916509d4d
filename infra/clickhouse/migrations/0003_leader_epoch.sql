-- By these a later process notices that the log was truncated behind its back (lib/ports/log.ts, epochEnd).
ALTER TABLE manifest_rows {{on_cluster}}
  ADD COLUMN IF NOT EXISTS leader_epoch Int32 DEFAULT -1 COMMENT 'under which the last record covered was written; -1 unknown',
  ADD COLUMN IF NOT EXISTS epoch_reach UInt64 DEFAULT 0 COMMENT 'first offset after that record';

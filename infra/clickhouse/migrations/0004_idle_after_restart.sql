-- A partition may count as idle only when its last record is known not to be a replay's, also right after a restart.
ALTER TABLE manifest_rows {{on_cluster}}
  ADD COLUMN IF NOT EXISTS replay Int8 DEFAULT -1
    COMMENT '1: the last record covered carried its arrival in a header (a replay), 0: it did not, -1: not known';

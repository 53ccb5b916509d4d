-- The raw log's events are merged several times: at level 3 compressing them again cost more than everything else of them.

ALTER TABLE prediction_rows {{on_cluster}} MODIFY COLUMN event String COMMENT 'the event as JSON' CODEC(ZSTD(1));

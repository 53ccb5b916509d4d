-- Hours and days: what windows are rolled up to, see docs/decisions/0014-rollups.md.
-- A window knows the hour and the day it belongs to from when it was sealed, in its time zone then: however the zone
-- changes, it counts in one of each. Equal start and end: it is longer than that.
ALTER TABLE sealed_rows {{on_cluster}}
  ADD COLUMN IF NOT EXISTS timezone LowCardinality(String) DEFAULT 'UTC',
  ADD COLUMN IF NOT EXISTS hour_start DateTime64(3, 'UTC')
    DEFAULT if(window_end <= window_start + INTERVAL 1 HOUR, toStartOfHour(window_start), toDateTime64(0, 3, 'UTC')),
  ADD COLUMN IF NOT EXISTS hour_end DateTime64(3, 'UTC')
    DEFAULT if(window_end <= window_start + INTERVAL 1 HOUR, toStartOfHour(window_start) + INTERVAL 1 HOUR, toDateTime64(0, 3, 'UTC')),
  ADD COLUMN IF NOT EXISTS day_start DateTime64(3, 'UTC')
    DEFAULT if(window_end <= window_start + INTERVAL 1 DAY, toStartOfDay(window_start), toDateTime64(0, 3, 'UTC')),
  ADD COLUMN IF NOT EXISTS day_end DateTime64(3, 'UTC')
    DEFAULT if(window_end <= window_start + INTERVAL 1 DAY, toStartOfDay(window_start) + INTERVAL 1 DAY, toDateTime64(0, 3, 'UTC')),
  ADD COLUMN IF NOT EXISTS grid LowCardinality(String) COMMENT 'segments: hash of the grid that cells are of; empty: not known';

ALTER TABLE score_rows {{on_cluster}}
  ADD COLUMN IF NOT EXISTS hour_start DateTime64(3, 'UTC')
    DEFAULT if(window_end <= window_start + INTERVAL 1 HOUR, toStartOfHour(window_start), toDateTime64(0, 3, 'UTC')),
  ADD COLUMN IF NOT EXISTS hour_end DateTime64(3, 'UTC')
    DEFAULT if(window_end <= window_start + INTERVAL 1 HOUR, toStartOfHour(window_start) + INTERVAL 1 HOUR, toDateTime64(0, 3, 'UTC')),
  ADD COLUMN IF NOT EXISTS day_start DateTime64(3, 'UTC')
    DEFAULT if(window_end <= window_start + INTERVAL 1 DAY, toStartOfDay(window_start), toDateTime64(0, 3, 'UTC')),
  ADD COLUMN IF NOT EXISTS day_end DateTime64(3, 'UTC')
    DEFAULT if(window_end <= window_start + INTERVAL 1 DAY, toStartOfDay(window_start) + INTERVAL 1 DAY, toDateTime64(0, 3, 'UTC'));

CREATE TABLE IF NOT EXISTS hour_rows {{on_cluster}}
(
  model LowCardinality(String),
  feature LowCardinality(String),
  segment LowCardinality(String),
  version LowCardinality(String),
  role LowCardinality(String),
  window_start DateTime64(3, 'UTC') COMMENT 'of the hour',
  window_end DateTime64(3, 'UTC'),
  day_start DateTime64(3, 'UTC'),
  day_end DateTime64(3, 'UTC'),
  kind LowCardinality(String),
  count UInt64,
  errors UInt64,
  missing UInt64,
  nan UInt64,
  infinite UInt64,
  wrong_type UInt64,
  n UInt64,
  min Float64,
  max Float64,
  mean Float64,
  m2 Float64,
  values Array(Float64) CODEC(ZSTD(1)),
  below Array(Float64) CODEC(ZSTD(1)),
  at_or_below Array(Float64) CODEC(ZSTD(1)),
  categories Array(String) CODEC(ZSTD(1)),
  category_counts Array(UInt64) CODEC(ZSTD(1)),
  other UInt64,
  cells Array(UInt32) CODEC(ZSTD(1)),
  cell_counts Array(UInt64) CODEC(ZSTD(1)),
  grid LowCardinality(String),
  note LowCardinality(String),
  windows UInt32 COMMENT 'sealed windows in it',
  state LowCardinality(String) COMMENT 'revised if any of its windows is',
  revision UInt32 COMMENT 'sum of its windows'' revisions',
  covered UInt64 COMMENT 'sum over its windows: rises with every window sealed or revised; the version of the row',
  ingested_at DateTime DEFAULT now()
) ENGINE = {{engine ReplacingMergeTree(covered)}}
PARTITION BY toYYYYMM(window_start)
ORDER BY (model, feature, segment, version, role, window_start, window_end);

CREATE TABLE IF NOT EXISTS day_rows {{on_cluster}}
(
  model LowCardinality(String),
  feature LowCardinality(String),
  segment LowCardinality(String),
  version LowCardinality(String),
  role LowCardinality(String),
  window_start DateTime64(3, 'UTC') COMMENT 'of the day',
  window_end DateTime64(3, 'UTC'),
  kind LowCardinality(String),
  count UInt64,
  errors UInt64,
  missing UInt64,
  nan UInt64,
  infinite UInt64,
  wrong_type UInt64,
  n UInt64,
  min Float64,
  max Float64,
  mean Float64,
  m2 Float64,
  values Array(Float64) CODEC(ZSTD(1)),
  below Array(Float64) CODEC(ZSTD(1)),
  at_or_below Array(Float64) CODEC(ZSTD(1)),
  categories Array(String) CODEC(ZSTD(1)),
  category_counts Array(UInt64) CODEC(ZSTD(1)),
  other UInt64,
  cells Array(UInt32) CODEC(ZSTD(1)),
  cell_counts Array(UInt64) CODEC(ZSTD(1)),
  grid LowCardinality(String),
  note LowCardinality(String),
  windows UInt32 COMMENT 'sealed windows in it',
  state LowCardinality(String) COMMENT 'revised if any of its windows is',
  revision UInt32 COMMENT 'sum of its windows'' revisions',
  covered UInt64 COMMENT 'sum over its windows: rises with every window sealed or revised; the version of the row',
  ingested_at DateTime DEFAULT now()
) ENGINE = {{engine ReplacingMergeTree(covered)}}
PARTITION BY toYear(window_start)
ORDER BY (model, feature, segment, version, role, window_start, window_end);

CREATE TABLE IF NOT EXISTS score_hour_rows {{on_cluster}}
(
  model LowCardinality(String),
  monitor LowCardinality(String),
  feature LowCardinality(String),
  segment LowCardinality(String),
  metric LowCardinality(String),
  version LowCardinality(String),
  role LowCardinality(String),
  window_start DateTime64(3, 'UTC') COMMENT 'of the hour',
  window_end DateTime64(3, 'UTC'),
  day_start DateTime64(3, 'UTC'),
  day_end DateTime64(3, 'UTC'),
  baseline LowCardinality(String) COMMENT 'this and the next two: of its last window',
  definition LowCardinality(String),
  severity LowCardinality(String),
  windows UInt32 COMMENT 'tested',
  scored UInt32 COMMENT 'those with a score',
  breached UInt32 COMMENT 'those that breached',
  worst_start DateTime64(3, 'UTC') COMMENT 'the window whose effect is the greatest multiple of its threshold',
  score Nullable(Float64) COMMENT 'this and the next six: of that window; of the last one where none has a score',
  effect Nullable(Float64),
  p_value Nullable(Float64),
  threshold Float64,
  n_current UInt64,
  n_baseline UInt64,
  note LowCardinality(String),
  score_sum Float64 COMMENT 'over the windows with a score',
  effect_sum Float64,
  state LowCardinality(String),
  revision UInt32,
  covered UInt64 COMMENT 'sum over its windows; the version of the row',
  computed_at DateTime64(3, 'UTC') DEFAULT now64(3)
) ENGINE = {{engine ReplacingMergeTree(covered)}}
PARTITION BY toYYYYMM(window_start)
ORDER BY (model, monitor, feature, segment, metric, version, role, window_start, window_end);

CREATE TABLE IF NOT EXISTS score_day_rows {{on_cluster}}
(
  model LowCardinality(String),
  monitor LowCardinality(String),
  feature LowCardinality(String),
  segment LowCardinality(String),
  metric LowCardinality(String),
  version LowCardinality(String),
  role LowCardinality(String),
  window_start DateTime64(3, 'UTC') COMMENT 'of the day',
  window_end DateTime64(3, 'UTC'),
  baseline LowCardinality(String) COMMENT 'this and the next two: of its last window',
  definition LowCardinality(String),
  severity LowCardinality(String),
  windows UInt32 COMMENT 'tested',
  scored UInt32 COMMENT 'those with a score',
  breached UInt32 COMMENT 'those that breached',
  worst_start DateTime64(3, 'UTC') COMMENT 'the window whose effect is the greatest multiple of its threshold',
  score Nullable(Float64) COMMENT 'this and the next six: of that window; of the last one where none has a score',
  effect Nullable(Float64),
  p_value Nullable(Float64),
  threshold Float64,
  n_current UInt64,
  n_baseline UInt64,
  note LowCardinality(String),
  score_sum Float64 COMMENT 'over the windows with a score',
  effect_sum Float64,
  state LowCardinality(String),
  revision UInt32,
  covered UInt64 COMMENT 'sum over its windows; the version of the row',
  computed_at DateTime64(3, 'UTC') DEFAULT now64(3)
) ENGINE = {{engine ReplacingMergeTree(covered)}}
PARTITION BY toYear(window_start)
ORDER BY (model, monitor, feature, segment, metric, version, role, window_start, window_end);

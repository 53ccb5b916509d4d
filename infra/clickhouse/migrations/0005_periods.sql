-- Windows, hours and days; why so: docs/decisions/0014-rollups.md.
-- window_rows and score_window_rows take the place of sealed_rows and score_rows, which could not be partitioned in place.
-- Rows are copied, then the old tables emptied: each step may be done again, also by two at once. Both are sent to one node,
-- whose replicas follow; the new tables exist on every node. Partitions are days for
-- windows of less than an hour, months for less than a day, else years, so that expired rows go a whole part at a time; on
-- the time of writing, so that replayed history lives. The days kept here are defaults: `retention` in the configuration.
CREATE TABLE IF NOT EXISTS window_rows {{on_cluster}}
(
  model LowCardinality(String),
  window_start DateTime64(3, 'UTC'),
  window_end DateTime64(3, 'UTC'),
  version LowCardinality(String),
  role LowCardinality(String),
  feature LowCardinality(String),
  segment LowCardinality(String),
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
  note LowCardinality(String) COMMENT 'why a distribution is absent, e.g. spec changed',
  state LowCardinality(String) COMMENT 'complete or revised',
  revision UInt32,
  covered UInt64 COMMENT 'offsets covered, summed over all chunks of all incarnations: the version of the row',
  coverage String COMMENT 'JSON [[topic, incarnation, partition, reach], …]',
  timezone LowCardinality(String) COMMENT 'of the model when the window was sealed first',
  hour_start DateTime64(3, 'UTC') COMMENT 'this and the next three: where the window counts; start = end: it is longer',
  hour_end DateTime64(3, 'UTC'),
  day_start DateTime64(3, 'UTC'),
  day_end DateTime64(3, 'UTC'),
  grid LowCardinality(String) COMMENT 'segments: hash of the grid that cells are of; empty: not known',
  ingested_at DateTime DEFAULT now()
) ENGINE = {{engine ReplacingMergeTree(covered)}}
PARTITION BY multiIf(
  window_end < window_start + INTERVAL 1 HOUR, toYYYYMMDD(window_start),
  window_end < window_start + INTERVAL 23 HOUR, toYYYYMM(window_start) * 100,
  toYear(window_start) * 10000)
ORDER BY (model, window_start, version, role, feature, segment, window_end)
TTL ingested_at + toIntervalDay(multiIf(
  window_end < window_start + INTERVAL 1 HOUR, 30, window_end < window_start + INTERVAL 23 HOUR, 400, 20000))
SETTINGS ttl_only_drop_parts = 1, materialize_ttl_recalculate_only = 1;

CREATE TABLE IF NOT EXISTS score_window_rows {{on_cluster}}
(
  model LowCardinality(String),
  monitor LowCardinality(String),
  version LowCardinality(String),
  role LowCardinality(String),
  feature LowCardinality(String),
  segment LowCardinality(String),
  metric LowCardinality(String),
  window_start DateTime64(3, 'UTC'),
  window_end DateTime64(3, 'UTC'),
  baseline LowCardinality(String),
  definition LowCardinality(String),
  score Nullable(Float64) COMMENT 'NULL: not enough data',
  effect Nullable(Float64) COMMENT 'what the threshold is compared with; NULL without a score',
  p_value Nullable(Float64),
  threshold Float64,
  breached UInt8,
  severity LowCardinality(String),
  n_current UInt64,
  n_baseline UInt64,
  note LowCardinality(String) COMMENT 'why there is no score, or empty',
  state LowCardinality(String),
  revision UInt32,
  covered UInt64,
  hour_start DateTime64(3, 'UTC') COMMENT 'this and the next three: where the window counts; start = end: it is longer',
  hour_end DateTime64(3, 'UTC'),
  day_start DateTime64(3, 'UTC'),
  day_end DateTime64(3, 'UTC'),
  computed_at DateTime64(3, 'UTC') DEFAULT now64(3)
) ENGINE = {{engine ReplacingMergeTree(covered)}}
PARTITION BY multiIf(
  window_end < window_start + INTERVAL 1 HOUR, toYYYYMMDD(window_start),
  window_end < window_start + INTERVAL 23 HOUR, toYYYYMM(window_start) * 100,
  toYear(window_start) * 10000)
ORDER BY (model, window_start, monitor, feature, segment, metric, version, role)
TTL toDateTime(computed_at) + toIntervalDay(multiIf(
  window_end < window_start + INTERVAL 1 HOUR, 30, window_end < window_start + INTERVAL 23 HOUR, 400, 20000))
SETTINGS ttl_only_drop_parts = 1, materialize_ttl_recalculate_only = 1;

INSERT INTO window_rows
  (model, window_start, window_end, version, role, feature, segment, kind, count, errors, missing, `nan`, infinite,
  wrong_type, n, min, max, mean, m2, values, below, at_or_below, categories, category_counts, other, cells,
  cell_counts, note, state, revision, covered, coverage, ingested_at,
  timezone, hour_start, hour_end, day_start, day_end)
SELECT
  model, window_start, window_end, version, role, feature, segment, kind, count, errors, missing, `nan`, infinite,
  wrong_type, n, min, max, mean, m2, values, below, at_or_below, categories, category_counts, other, cells,
  cell_counts, note, state, revision, covered, coverage, ingested_at,
  'UTC', if(window_end <= window_start + INTERVAL 1 HOUR, toStartOfHour(window_start), toDateTime64(0, 3, 'UTC')),
  if(window_end <= window_start + INTERVAL 1 HOUR, toStartOfHour(window_start) + INTERVAL 1 HOUR, toDateTime64(0, 3, 'UTC')),
  if(window_end <= window_start + INTERVAL 1 DAY, toStartOfDay(window_start), toDateTime64(0, 3, 'UTC')),
  if(window_end <= window_start + INTERVAL 1 DAY, toStartOfDay(window_start) + INTERVAL 1 DAY, toDateTime64(0, 3, 'UTC'))
FROM sealed_rows SETTINGS max_partitions_per_insert_block = 0;

TRUNCATE TABLE IF EXISTS sealed_rows;

INSERT INTO score_window_rows
  (model, monitor, version, role, feature, segment, metric, window_start, window_end, baseline, definition, score,
  effect, p_value, threshold, breached, severity, n_current, n_baseline, note, state, revision, covered, computed_at,
  hour_start, hour_end, day_start, day_end)
SELECT
  model, monitor, version, role, feature, segment, metric, window_start, window_end, baseline, definition, score,
  effect, p_value, threshold, breached, severity, n_current, n_baseline, note, state, revision, covered, computed_at,
  if(window_end <= window_start + INTERVAL 1 HOUR, toStartOfHour(window_start), toDateTime64(0, 3, 'UTC')),
  if(window_end <= window_start + INTERVAL 1 HOUR, toStartOfHour(window_start) + INTERVAL 1 HOUR, toDateTime64(0, 3, 'UTC')),
  if(window_end <= window_start + INTERVAL 1 DAY, toStartOfDay(window_start), toDateTime64(0, 3, 'UTC')),
  if(window_end <= window_start + INTERVAL 1 DAY, toStartOfDay(window_start) + INTERVAL 1 DAY, toDateTime64(0, 3, 'UTC'))
FROM score_rows SETTINGS max_partitions_per_insert_block = 0;

TRUNCATE TABLE IF EXISTS score_rows;

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
ORDER BY (model, feature, segment, version, role, window_start, window_end)
TTL ingested_at + toIntervalDay(400)
SETTINGS ttl_only_drop_parts = 1, materialize_ttl_recalculate_only = 1;

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
ORDER BY (model, monitor, feature, segment, metric, version, role, window_start, window_end)
TTL toDateTime(computed_at) + toIntervalDay(400)
SETTINGS ttl_only_drop_parts = 1, materialize_ttl_recalculate_only = 1;

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

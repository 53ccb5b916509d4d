-- The spine's tables. One template serves the single node and the cluster: {{on_cluster}} and {{engine …}} are filled in
-- by lib/migrations. Base tables end in _rows and are Driftline's own; the views are the interface.
-- Rewrites replace by the version column: read with FINAL or argMax, never through a materialized view.

CREATE TABLE IF NOT EXISTS aggregation_specs {{on_cluster}}
(
  spec_id String,
  spec String CODEC(ZSTD(3)),
  created_at DateTime64(3, 'UTC') DEFAULT now64(3)
) ENGINE = {{engine ReplacingMergeTree}} ORDER BY spec_id;

CREATE TABLE IF NOT EXISTS manifest_rows {{on_cluster}}
(
  topic LowCardinality(String),
  incarnation String,
  partition UInt32,
  chunk_start UInt64,
  group_generation UInt64,
  spec_id String,
  reach UInt64 COMMENT 'rows cover every offset from chunk_start below this one; equal to chunk_start in the opening',
  passed Int64 COMMENT 'greatest arrival in the covered prefix of the partition, ms; -1 none',
  closed UInt8 COMMENT '1 once the chunk is full',
  written_at DateTime64(3, 'UTC') DEFAULT now64(3)
) ENGINE = {{engine ReplacingMergeTree(reach)}}
ORDER BY (topic, incarnation, partition, chunk_start, group_generation, spec_id);

CREATE TABLE IF NOT EXISTS chunk_rows {{on_cluster}}
(
  model LowCardinality(String),
  window_start DateTime64(3, 'UTC'),
  window_end DateTime64(3, 'UTC'),
  version LowCardinality(String),
  role LowCardinality(String),
  feature LowCardinality(String) COMMENT 'empty: the window itself; count is then events, errors the events with an error',
  segment LowCardinality(String) COMMENT 'empty, or NAME=VALUE',
  topic LowCardinality(String),
  incarnation String,
  partition UInt32,
  chunk_start UInt64,
  generation UInt32,
  spec_id String,
  covered UInt64 COMMENT 'first offset not covered: the version of the row',
  kind LowCardinality(String) COMMENT 'numeric, categorical, boolean, or empty for the window itself',
  count UInt64,
  errors UInt64,
  missing UInt64,
  nan UInt64,
  infinite UInt64,
  wrong_type UInt64,
  n UInt64 COMMENT 'usable values',
  min Float64,
  max Float64,
  mean Float64,
  m2 Float64,
  values Array(Float64) COMMENT 'ECDF knots' CODEC(ZSTD(1)),
  below Array(Float64) COMMENT 'observations < knot; empty when the sketch is exact (then at_or_below of the knot before)' CODEC(ZSTD(1)),
  at_or_below Array(Float64) CODEC(ZSTD(1)),
  categories Array(String) CODEC(ZSTD(1)),
  category_counts Array(UInt64) CODEC(ZSTD(1)),
  other UInt64,
  cells Array(UInt32) COMMENT 'segments: non-empty cells of the frozen grid' CODEC(ZSTD(1)),
  cell_counts Array(UInt64) CODEC(ZSTD(1)),
  ingested_at DateTime DEFAULT now()
) ENGINE = {{engine ReplacingMergeTree(covered)}}
ORDER BY (model, window_start, version, role, feature, segment, window_end, topic, incarnation, partition, chunk_start, generation, spec_id);

CREATE TABLE IF NOT EXISTS sealed_rows {{on_cluster}}
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
  ingested_at DateTime DEFAULT now()
) ENGINE = {{engine ReplacingMergeTree(covered)}}
ORDER BY (model, window_start, version, role, feature, segment, window_end);

CREATE TABLE IF NOT EXISTS baseline_rows {{on_cluster}}
(
  model LowCardinality(String),
  baseline LowCardinality(String),
  baseline_version String COMMENT 'hash of the content and of how it was read',
  feature LowCardinality(String),
  kind LowCardinality(String),
  count UInt64,
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
  psi_edges Array(Float64) COMMENT 'ten quantile bins, ties merged; frozen',
  grid_edges Array(Float64) COMMENT 'the finer grid that segments are counted on; contains psi_edges',
  spread String COMMENT 'JSON: metric -> {mean, sd, windows}: the baseline''s own window-to-window spread',
  registered_at DateTime64(3, 'UTC') DEFAULT now64(3)
) ENGINE = {{engine ReplacingMergeTree(registered_at)}}
ORDER BY (model, baseline, baseline_version, feature);

CREATE TABLE IF NOT EXISTS score_rows {{on_cluster}}
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
  computed_at DateTime64(3, 'UTC') DEFAULT now64(3)
) ENGINE = {{engine ReplacingMergeTree(covered)}}
ORDER BY (model, monitor, feature, segment, metric, window_start, version, role);

CREATE TABLE IF NOT EXISTS alert_rows {{on_cluster}}
(
  model LowCardinality(String),
  episode String,
  revision UInt32,
  state LowCardinality(String),
  monitor LowCardinality(String),
  version LowCardinality(String),
  role LowCardinality(String),
  segment LowCardinality(String),
  severity LowCardinality(String),
  since DateTime64(3, 'UTC'),
  as_of DateTime64(3, 'UTC'),
  incident String COMMENT 'empty while pending',
  members Array(String) COMMENT 'features',
  event String COMMENT 'the whole alert event, JSON, as published' CODEC(ZSTD(3)),
  written_at DateTime64(3, 'UTC') DEFAULT now64(3)
) ENGINE = {{engine ReplacingMergeTree(written_at)}}
ORDER BY (model, episode, revision);

CREATE TABLE IF NOT EXISTS incident_rows {{on_cluster}}
(
  incident String,
  model LowCardinality(String),
  role LowCardinality(String),
  state LowCardinality(String),
  severity LowCardinality(String),
  summary String,
  since DateTime64(3, 'UTC'),
  resolved_at Nullable(DateTime64(3, 'UTC')),
  members Array(String),
  url String,
  row_version UInt64 COMMENT 'sum of the revisions of its alerts',
  written_at DateTime64(3, 'UTC') DEFAULT now64(3)
) ENGINE = {{engine ReplacingMergeTree(row_version)}}
ORDER BY incident;

CREATE TABLE IF NOT EXISTS delivery_rows {{on_cluster}}
(
  incident String,
  channel LowCardinality(String),
  notice_id String COMMENT 'incident, action and the version of the incident it tells of',
  action LowCardinality(String),
  dedup_key String,
  attempt UInt32,
  status UInt16 COMMENT 'HTTP status of the last attempt; 0 none',
  state LowCardinality(String) COMMENT 'pending, sent or parked',
  reason String,
  notice String COMMENT 'what is sent, JSON: written before sending' CODEC(ZSTD(3)),
  next_attempt_at DateTime64(3, 'UTC'),
  row_version UInt64,
  written_at DateTime64(3, 'UTC') DEFAULT now64(3)
) ENGINE = {{engine ReplacingMergeTree(row_version)}}
ORDER BY (incident, channel, notice_id);

CREATE TABLE IF NOT EXISTS loss_rows {{on_cluster}}
(
  topic LowCardinality(String),
  incarnation String,
  partition UInt32,
  chunk_start UInt64,
  reason LowCardinality(String),
  first_offset UInt64,
  last_offset UInt64,
  events UInt64,
  covered UInt64,
  written_at DateTime64(3, 'UTC') DEFAULT now64(3)
) ENGINE = {{engine ReplacingMergeTree(covered)}}
ORDER BY (topic, incarnation, partition, chunk_start, reason);

CREATE TABLE IF NOT EXISTS prediction_rows {{on_cluster}}
(
  model LowCardinality(String),
  timestamp DateTime64(3, 'UTC'),
  prediction_id String,
  version LowCardinality(String),
  role LowCardinality(String),
  score Nullable(Float64),
  label Nullable(String),
  value Nullable(Float64),
  latency_ms Nullable(Float64),
  error Nullable(String),
  event String COMMENT 'the event as JSON' CODEC(ZSTD(3)),
  topic LowCardinality(String),
  incarnation String,
  partition UInt32,
  offset UInt64,
  ingested_at DateTime DEFAULT now()
) ENGINE = {{engine ReplacingMergeTree(ingested_at)}}
ORDER BY (model, timestamp, incarnation, partition, offset)
TTL ingested_at + INTERVAL 90 DAY;

CREATE TABLE IF NOT EXISTS label_rows {{on_cluster}}
(
  model LowCardinality(String),
  prediction_id String,
  label String,
  timestamp DateTime64(3, 'UTC'),
  topic LowCardinality(String),
  incarnation String,
  partition UInt32,
  offset UInt64,
  ingested_at DateTime DEFAULT now()
) ENGINE = {{engine ReplacingMergeTree(ingested_at)}}
ORDER BY (model, prediction_id, incarnation, partition, offset);

CREATE TABLE IF NOT EXISTS model_rows {{on_cluster}}
(
  model LowCardinality(String),
  declared UInt8 COMMENT '0: registered on sight',
  monitored UInt8 COMMENT '1: at least one monitor tests it',
  window_ms UInt64,
  timezone LowCardinality(String),
  segments Array(String),
  reference LowCardinality(String) COMMENT 'name of the declared reference, or empty',
  first_seen DateTime64(3, 'UTC'),
  row_version UInt64 COMMENT 'declared rows win over sighted ones',
  registered_at DateTime64(3, 'UTC') DEFAULT now64(3)
) ENGINE = {{engine ReplacingMergeTree(row_version)}}
ORDER BY model;

CREATE TABLE IF NOT EXISTS model_version_rows {{on_cluster}}
(
  model LowCardinality(String),
  version LowCardinality(String),
  role LowCardinality(String),
  first_seen DateTime64(3, 'UTC') COMMENT 'event time of the first window in which it was seen'
) ENGINE = {{engine ReplacingMergeTree}}
ORDER BY (model, version, role);

-- The views on windows, and the same by hour and day: as those of 0002_views.sql, and applied again as that file is when it
-- has changed.

CREATE OR REPLACE VIEW drift_scores {{on_cluster}} AS
SELECT
  monitor, model, version, role, feature, segment, window_start, window_end, baseline, metric, definition,
  score, p_value, threshold, breached, severity, n_current, n_baseline, state, revision, computed_at, note, effect
FROM score_window_rows FINAL
COMMENT 'One row per test of a monitor: a metric of a feature and segment in one window, against a baseline';

-- A window's rows come from its sealed row; until it has one, from the ledger merged on the way ('provisional').
-- A chunk of the ledger counts only under the spec its manifest binds: of several openings the highest generation.
-- A server before 25.12 reads a table that is named twice at two moments, between which a window may be sealed. So the
-- views keep one row of each key, the sealed one where there are both; windows sealed a while ago are left out here for
-- speed alone. See docs/decisions/0009-views-read-at-several-moments.md.
CREATE OR REPLACE VIEW open_chunk_rows {{on_cluster}} AS
SELECT *
FROM chunk_rows FINAL
WHERE (topic, incarnation, partition, chunk_start, spec_id) IN (
    SELECT topic, incarnation, partition, chunk_start, argMin(spec_id, (-toInt64(group_generation), spec_id))
    FROM manifest_rows
    GROUP BY topic, incarnation, partition, chunk_start
  )
  AND (model, window_start, window_end, version, role) NOT IN (
    SELECT model, window_start, window_end, version, role FROM window_rows
    WHERE feature = '' AND segment = '' AND ingested_at < now() - 10
  )
COMMENT 'Ledger rows of windows that are not sealed, or have just been; of the service, not an interface';

CREATE OR REPLACE VIEW operations {{on_cluster}} AS
SELECT
  model, version, role, window_start, window_end, argMax(row_count, is_sealed) AS events,
  argMax(row_errors, is_sealed) AS errors, argMax(row_state, is_sealed) AS state, argMax(row_revision, is_sealed) AS revision
FROM (
  SELECT
    model, version, role, window_start, window_end, 1 AS is_sealed,
    count AS row_count, errors AS row_errors, toString(state) AS row_state, toUInt32(revision) AS row_revision
  FROM window_rows FINAL
  WHERE feature = '' AND segment = ''
  UNION ALL
  SELECT
    model, version, role, window_start, window_end, 0 AS is_sealed,
    sum(count) AS row_count, sum(errors) AS row_errors, 'provisional' AS row_state, toUInt32(0) AS row_revision
  FROM open_chunk_rows
  WHERE feature = '' AND segment = ''
  GROUP BY model, version, role, window_start, window_end
)
GROUP BY model, version, role, window_start, window_end
COMMENT 'Events and errors of each model version and window';

-- The server keeps a view as text without quotes around `nan`, which then is the value: so it stands with its table.
CREATE OR REPLACE VIEW feature_stats {{on_cluster}} AS
SELECT
  model, version, role, feature, segment, window_start, window_end,
  argMax(row_count, is_sealed) AS count, argMax(row_missing, is_sealed) AS missing, argMax(row_nan, is_sealed) AS `nan`,
  argMax(row_infinite, is_sealed) AS infinite, argMax(row_wrong_type, is_sealed) AS wrong_type,
  -- As tuples, because argMax passes over NULL.
  argMax(tuple(row_mean), is_sealed).1 AS mean, argMax(tuple(row_stddev), is_sealed).1 AS stddev,
  argMax(tuple(row_min), is_sealed).1 AS min, argMax(tuple(row_max), is_sealed).1 AS max,
  argMax(row_state, is_sealed) AS state, argMax(row_revision, is_sealed) AS revision, argMax(row_kind, is_sealed) AS kind,
  argMax(row_n, is_sealed) AS n, argMax(row_note, is_sealed) AS note
FROM (
  SELECT
    model, version, role, feature, segment, window_start, window_end, 1 AS is_sealed,
    count AS row_count, missing AS row_missing, window_rows.`nan` AS row_nan, infinite AS row_infinite,
    wrong_type AS row_wrong_type,
    if(notEmpty(values), mean, NULL) AS row_mean,
    if(notEmpty(values) AND n > 1, sqrt(m2 / (n - 1)), NULL) AS row_stddev,
    if(notEmpty(values), min, NULL) AS row_min,
    if(notEmpty(values), max, NULL) AS row_max,
    toString(state) AS row_state, toUInt32(revision) AS row_revision, toString(kind) AS row_kind, n AS row_n,
    toString(note) AS row_note
  FROM window_rows FINAL
  WHERE feature != ''
  UNION ALL
  SELECT
    model, version, role, feature, segment, window_start, window_end, 0 AS is_sealed,
    rows_count AS row_count, rows_missing AS row_missing, rows_nan AS row_nan, rows_infinite AS row_infinite,
    rows_wrong_type AS row_wrong_type,
    if(total > 0, arraySum(p -> p.1 * p.2, parts) / total, NULL) AS row_mean,
    -- Chan's formula around the merged mean: summing squares instead would cancel on data far from zero.
    if(total > 1, sqrt(arraySum(p -> p.3 + p.1 * pow(p.2 - assumeNotNull(row_mean), 2), parts) / (total - 1)), NULL)
      AS row_stddev,
    if(total > 0, rows_min, NULL) AS row_min,
    if(total > 0, rows_max, NULL) AS row_max,
    'provisional' AS row_state, toUInt32(0) AS row_revision, toString(rows_kind) AS row_kind, rows_n AS row_n,
    '' AS row_note
  FROM (
    SELECT
      model, version, role, feature, segment, window_start, window_end,
      sum(count) AS rows_count, sum(missing) AS rows_missing, sum(open_chunk_rows.`nan`) AS rows_nan,
      sum(infinite) AS rows_infinite, sum(wrong_type) AS rows_wrong_type, sum(n) AS rows_n, any(kind) AS rows_kind,
      groupArrayIf((toFloat64(n), mean, m2), notEmpty(values)) AS parts,
      arraySum(p -> p.1, parts) AS total,
      minIf(min, notEmpty(values)) AS rows_min, maxIf(max, notEmpty(values)) AS rows_max
    FROM open_chunk_rows
    WHERE feature != ''
    GROUP BY model, version, role, feature, segment, window_start, window_end
  )
)
GROUP BY model, version, role, feature, segment, window_start, window_end
COMMENT 'Counts and moments of each feature, segment and window';

-- numpy's linear rule, as lib/core/sketch/quantiles.ts: between the order statistics ranks[1] and ranks[2]; those that fall
-- between two knots stand evenly spaced (`below` empty: every distinct value is a knot, nothing lies between).
CREATE OR REPLACE VIEW feature_quantiles {{on_cluster}} AS
SELECT
  model, version, role, feature, segment, window_start, window_end, q,
  stats[1] + (stats[2] - stats[1]) * (position - ranks[1]) AS value, state, revision
FROM (
  SELECT
    model, version, role, feature, segment, window_start, window_end, state, toUInt32(revision) AS revision,
    arrayJoin([0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99]) AS q,
    toFloat64(n) - 1 AS last,
    last * q AS position,
    [floor(position), least(floor(position) + 1, last)] AS ranks,
    arrayMap(k -> arrayFirstIndex(reached -> reached > k, at_or_below), ranks) AS knots,
    arrayMap(
      (i, k) -> if(i = 1 OR empty(below) OR below[i] <= k, values[i],
        values[i - 1] + (values[i] - values[i - 1])
          * least(1, (k - at_or_below[i - 1] + 1) / (below[i] - at_or_below[i - 1] + 1))),
      knots, ranks) AS stats
  FROM window_rows FINAL
  WHERE kind = 'numeric' AND notEmpty(values)
)
COMMENT 'Quantiles of each numeric feature and sealed window';

CREATE OR REPLACE VIEW drift_scores_hourly {{on_cluster}} AS
SELECT
  monitor, model, version, role, feature, segment, window_start, window_end, baseline, metric, definition,
  score, effect, p_value, threshold, n_current, n_baseline, worst_start, note,
  if(scored > 0, score_sum / scored, NULL) AS mean_score, if(scored > 0, effect_sum / scored, NULL) AS mean_effect,
  windows, scored AS scored_windows, breached AS breached_windows, toUInt8(breached > 0) AS any_breached, severity, state,
  revision, computed_at
FROM score_hour_rows FINAL
COMMENT 'One row per series of drift_scores and hour: its worst window, its mean, and how many windows breached';

CREATE OR REPLACE VIEW operations_hourly {{on_cluster}} AS
SELECT model, version, role, window_start, window_end, count AS events, errors, windows, state, revision
FROM hour_rows FINAL
WHERE feature = '' AND segment = ''
COMMENT 'Events and errors of each model version and hour';

CREATE OR REPLACE VIEW feature_stats_hourly {{on_cluster}} AS
SELECT
  model, version, role, feature, segment, window_start, window_end, count, missing, hour_rows.`nan` AS `nan`, infinite, wrong_type,
  if(notEmpty(values), mean, NULL) AS mean, if(notEmpty(values) AND n > 1, sqrt(m2 / (n - 1)), NULL) AS stddev,
  if(notEmpty(values), min, NULL) AS min, if(notEmpty(values), max, NULL) AS max, state, revision, kind, n, note, windows
FROM hour_rows FINAL
WHERE feature != ''
COMMENT 'Counts and moments of each feature, segment and hour';

CREATE OR REPLACE VIEW feature_quantiles_hourly {{on_cluster}} AS
SELECT
  model, version, role, feature, segment, window_start, window_end, q,
  stats[1] + (stats[2] - stats[1]) * (position - ranks[1]) AS value, state, revision
FROM (
  SELECT
    model, version, role, feature, segment, window_start, window_end, state, toUInt32(revision) AS revision,
    arrayJoin([0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99]) AS q,
    toFloat64(n) - 1 AS last,
    last * q AS position,
    [floor(position), least(floor(position) + 1, last)] AS ranks,
    arrayMap(k -> arrayFirstIndex(reached -> reached > k, at_or_below), ranks) AS knots,
    arrayMap(
      (i, k) -> if(i = 1 OR empty(below) OR below[i] <= k, values[i],
        values[i - 1] + (values[i] - values[i - 1])
          * least(1, (k - at_or_below[i - 1] + 1) / (below[i] - at_or_below[i - 1] + 1))),
      knots, ranks) AS stats
  FROM hour_rows FINAL
  WHERE kind = 'numeric' AND notEmpty(values)
)
COMMENT 'Quantiles of each numeric feature and hour';

CREATE OR REPLACE VIEW drift_scores_daily {{on_cluster}} AS
SELECT
  monitor, model, version, role, feature, segment, window_start, window_end, baseline, metric, definition,
  score, effect, p_value, threshold, n_current, n_baseline, worst_start, note,
  if(scored > 0, score_sum / scored, NULL) AS mean_score, if(scored > 0, effect_sum / scored, NULL) AS mean_effect,
  windows, scored AS scored_windows, breached AS breached_windows, toUInt8(breached > 0) AS any_breached, severity, state,
  revision, computed_at
FROM score_day_rows FINAL
COMMENT 'One row per series of drift_scores and day: its worst window, its mean, and how many windows breached';

CREATE OR REPLACE VIEW operations_daily {{on_cluster}} AS
SELECT model, version, role, window_start, window_end, count AS events, errors, windows, state, revision
FROM day_rows FINAL
WHERE feature = '' AND segment = ''
COMMENT 'Events and errors of each model version and day';

CREATE OR REPLACE VIEW feature_stats_daily {{on_cluster}} AS
SELECT
  model, version, role, feature, segment, window_start, window_end, count, missing, day_rows.`nan` AS `nan`, infinite, wrong_type,
  if(notEmpty(values), mean, NULL) AS mean, if(notEmpty(values) AND n > 1, sqrt(m2 / (n - 1)), NULL) AS stddev,
  if(notEmpty(values), min, NULL) AS min, if(notEmpty(values), max, NULL) AS max, state, revision, kind, n, note, windows
FROM day_rows FINAL
WHERE feature != ''
COMMENT 'Counts and moments of each feature, segment and day';

CREATE OR REPLACE VIEW feature_quantiles_daily {{on_cluster}} AS
SELECT
  model, version, role, feature, segment, window_start, window_end, q,
  stats[1] + (stats[2] - stats[1]) * (position - ranks[1]) AS value, state, revision
FROM (
  SELECT
    model, version, role, feature, segment, window_start, window_end, state, toUInt32(revision) AS revision,
    arrayJoin([0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99]) AS q,
    toFloat64(n) - 1 AS last,
    last * q AS position,
    [floor(position), least(floor(position) + 1, last)] AS ranks,
    arrayMap(k -> arrayFirstIndex(reached -> reached > k, at_or_below), ranks) AS knots,
    arrayMap(
      (i, k) -> if(i = 1 OR empty(below) OR below[i] <= k, values[i],
        values[i - 1] + (values[i] - values[i - 1])
          * least(1, (k - at_or_below[i - 1] + 1) / (below[i] - at_or_below[i - 1] + 1))),
      knots, ranks) AS stats
  FROM day_rows FINAL
  WHERE kind = 'numeric' AND notEmpty(values)
)
COMMENT 'Quantiles of each numeric feature and day';

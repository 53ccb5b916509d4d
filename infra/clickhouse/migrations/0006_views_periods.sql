-- Hours and days, beside the views of 0002_views.sql; see docs/topics-and-views.md. May change with a version, as that file.

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

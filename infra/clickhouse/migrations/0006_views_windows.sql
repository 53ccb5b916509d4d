-- The views on windows, and the same by hour and day: as those of 0002_views.sql, and applied again as that file is when it
-- has changed.
-- The settings let FINAL skip what the key or the partition rules out: a row's versions share both.

CREATE OR REPLACE VIEW drift_scores {{on_cluster}} AS
SELECT
  monitor, model, version, role, feature, segment, window_start, window_end, baseline, metric, definition,
  score, p_value, threshold, breached, severity, n_current, n_baseline, state, revision, computed_at, note, effect
FROM score_window_rows FINAL
SETTINGS optimize_move_to_prewhere_if_final = 1, do_not_merge_across_partitions_select_final = 1
COMMENT 'One row per test of a monitor: a metric of a feature and segment in one window, against a baseline';

-- A window's rows come from its sealed row; until it has one, from the ledger merged on the way ('provisional').
-- A chunk of the ledger counts only under the spec its manifest binds: of several openings the highest generation.
-- A server before 25.12 reads a table that is named twice at two moments, between which a window may be sealed. So the
-- views keep one row of each key, the sealed one where there are both; windows sealed a while ago are left out here for
-- speed alone. See docs/decisions/0009-views-read-at-several-moments.md.
-- As a join, a query's own bounds on model and time reach both sides; a NOT IN would read every sealed window each time.
CREATE OR REPLACE VIEW open_chunk_rows {{on_cluster}} AS
SELECT ledger.*
FROM chunk_rows AS ledger FINAL
LEFT ANTI JOIN (
  SELECT model, window_start, window_end, version, role FROM window_rows
  WHERE feature = '' AND segment = '' AND ingested_at < now() - 10
) AS sealed USING (model, window_start, window_end, version, role)
WHERE (topic, incarnation, partition, chunk_start, spec_id) IN (
  SELECT topic, incarnation, partition, chunk_start, argMin(spec_id, (-toInt64(group_generation), spec_id))
  FROM manifest_rows
  GROUP BY topic, incarnation, partition, chunk_start
)
SETTINGS optimize_move_to_prewhere_if_final = 1
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
  SETTINGS optimize_move_to_prewhere_if_final = 1, do_not_merge_across_partitions_select_final = 1
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

-- `values.size0`, the length of the array, is read without the array.
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
    if(values.size0 > 0, mean, NULL) AS row_mean,
    if(values.size0 > 0 AND n > 1, sqrt(m2 / (n - 1)), NULL) AS row_stddev,
    if(values.size0 > 0, min, NULL) AS row_min,
    if(values.size0 > 0, max, NULL) AS row_max,
    toString(state) AS row_state, toUInt32(revision) AS row_revision, toString(kind) AS row_kind, n AS row_n,
    toString(note) AS row_note
  FROM window_rows FINAL
  WHERE feature != ''
  SETTINGS optimize_move_to_prewhere_if_final = 1, do_not_merge_across_partitions_select_final = 1
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
      groupArrayIf((toFloat64(n), mean, m2), values.size0 > 0) AS parts,
      arraySum(p -> p.1, parts) AS total,
      minIf(min, values.size0 > 0) AS rows_min, maxIf(max, values.size0 > 0) AS rows_max
    FROM open_chunk_rows
    WHERE feature != ''
    GROUP BY model, version, role, feature, segment, window_start, window_end
  )
)
GROUP BY model, version, role, feature, segment, window_start, window_end
COMMENT 'Counts and moments of each feature, segment and window';

-- numpy's linear rule, as lib/core/sketch/quantiles.ts: between the order statistics `rank` and `next`; those that fall between
-- two knots stand evenly spaced (`below` empty: every distinct value is a knot, nothing lies between). i and j are the knots
-- that hold them. Written out for each quantile: a lambda, or a row for each before the knots are found, would copy the arrays
-- nine times and more (twelve times slower).
CREATE OR REPLACE VIEW feature_quantiles {{on_cluster}} AS
SELECT
  model, version, role, feature, segment, window_start, window_end, at.1 AS q, low + (high - low) * (position - rank) AS value,
  state, toUInt32(revision) AS revision
FROM (
  SELECT
    model, version, role, feature, segment, window_start, window_end, state, revision, at,
    last * at.1 AS position, floor(position) AS rank, least(rank + 1, last) AS next,
    if(at.2 = 1 OR is_exact OR at.5 <= rank, at.3,
      at.4 + (at.3 - at.4) * least(1, (rank - at.6 + 1) / (at.5 - at.6 + 1))) AS low,
    if(at.7 = 1 OR is_exact OR at.10 <= next, at.8,
      at.9 + (at.8 - at.9) * least(1, (next - at.11 + 1) / (at.10 - at.11 + 1))) AS high
  FROM (
    SELECT
      model, version, role, feature, segment, window_start, window_end, state, revision, last, is_exact,
      arrayJoin(arrayZip([0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99],
        i, [
        values[i[1]], values[i[2]], values[i[3]], values[i[4]], values[i[5]], values[i[6]], values[i[7]], values[i[8]],
        values[i[9]]], [
        values[i[1] - 1], values[i[2] - 1], values[i[3] - 1], values[i[4] - 1], values[i[5] - 1], values[i[6] - 1],
        values[i[7] - 1], values[i[8] - 1], values[i[9] - 1]], [
        below[i[1]], below[i[2]], below[i[3]], below[i[4]], below[i[5]], below[i[6]], below[i[7]], below[i[8]],
        below[i[9]]], [
        at_or_below[i[1] - 1], at_or_below[i[2] - 1], at_or_below[i[3] - 1], at_or_below[i[4] - 1],
        at_or_below[i[5] - 1], at_or_below[i[6] - 1], at_or_below[i[7] - 1], at_or_below[i[8] - 1], at_or_below[i[9] - 1]],
        j, [
        values[j[1]], values[j[2]], values[j[3]], values[j[4]], values[j[5]], values[j[6]], values[j[7]], values[j[8]],
        values[j[9]]], [
        values[j[1] - 1], values[j[2] - 1], values[j[3] - 1], values[j[4] - 1], values[j[5] - 1], values[j[6] - 1],
        values[j[7] - 1], values[j[8] - 1], values[j[9] - 1]], [
        below[j[1]], below[j[2]], below[j[3]], below[j[4]], below[j[5]], below[j[6]], below[j[7]], below[j[8]],
        below[j[9]]], [
        at_or_below[j[1] - 1], at_or_below[j[2] - 1], at_or_below[j[3] - 1], at_or_below[j[4] - 1],
        at_or_below[j[5] - 1], at_or_below[j[6] - 1], at_or_below[j[7] - 1], at_or_below[j[8] - 1], at_or_below[j[9] - 1]])) AS at
    FROM (
      SELECT
        model, version, role, feature, segment, window_start, window_end, state, revision, values, below, at_or_below,
        empty(below) AS is_exact, toFloat64(n) - 1 AS last,
        [
        arrayCount(c -> c <= floor(last * 0.01), at_or_below) + 1,
        arrayCount(c -> c <= floor(last * 0.05), at_or_below) + 1,
        arrayCount(c -> c <= floor(last * 0.1), at_or_below) + 1,
        arrayCount(c -> c <= floor(last * 0.25), at_or_below) + 1,
        arrayCount(c -> c <= floor(last * 0.5), at_or_below) + 1,
        arrayCount(c -> c <= floor(last * 0.75), at_or_below) + 1,
        arrayCount(c -> c <= floor(last * 0.9), at_or_below) + 1,
        arrayCount(c -> c <= floor(last * 0.95), at_or_below) + 1,
        arrayCount(c -> c <= floor(last * 0.99), at_or_below) + 1] AS i,
        [
        arrayCount(c -> c <= least(floor(last * 0.01) + 1, last), at_or_below) + 1,
        arrayCount(c -> c <= least(floor(last * 0.05) + 1, last), at_or_below) + 1,
        arrayCount(c -> c <= least(floor(last * 0.1) + 1, last), at_or_below) + 1,
        arrayCount(c -> c <= least(floor(last * 0.25) + 1, last), at_or_below) + 1,
        arrayCount(c -> c <= least(floor(last * 0.5) + 1, last), at_or_below) + 1,
        arrayCount(c -> c <= least(floor(last * 0.75) + 1, last), at_or_below) + 1,
        arrayCount(c -> c <= least(floor(last * 0.9) + 1, last), at_or_below) + 1,
        arrayCount(c -> c <= least(floor(last * 0.95) + 1, last), at_or_below) + 1,
        arrayCount(c -> c <= least(floor(last * 0.99) + 1, last), at_or_below) + 1] AS j
      FROM window_rows FINAL
      WHERE kind = 'numeric' AND notEmpty(values)
      SETTINGS optimize_move_to_prewhere_if_final = 1, do_not_merge_across_partitions_select_final = 1
    )
  )
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
SETTINGS optimize_move_to_prewhere_if_final = 1, do_not_merge_across_partitions_select_final = 1
COMMENT 'One row per series of drift_scores and hour: its worst window, its mean, and how many windows breached';

CREATE OR REPLACE VIEW operations_hourly {{on_cluster}} AS
SELECT model, version, role, window_start, window_end, count AS events, errors, windows, state, revision
FROM hour_rows FINAL
WHERE feature = '' AND segment = ''
SETTINGS optimize_move_to_prewhere_if_final = 1, do_not_merge_across_partitions_select_final = 1
COMMENT 'Events and errors of each model version and hour';

CREATE OR REPLACE VIEW feature_stats_hourly {{on_cluster}} AS
SELECT
  model, version, role, feature, segment, window_start, window_end, count, missing, hour_rows.`nan` AS `nan`, infinite, wrong_type,
  if(values.size0 > 0, mean, NULL) AS mean, if(values.size0 > 0 AND n > 1, sqrt(m2 / (n - 1)), NULL) AS stddev,
  if(values.size0 > 0, min, NULL) AS min, if(values.size0 > 0, max, NULL) AS max, state, revision, kind, n, note, windows
FROM hour_rows FINAL
WHERE feature != ''
SETTINGS optimize_move_to_prewhere_if_final = 1, do_not_merge_across_partitions_select_final = 1
COMMENT 'Counts and moments of each feature, segment and hour';

CREATE OR REPLACE VIEW feature_quantiles_hourly {{on_cluster}} AS
SELECT
  model, version, role, feature, segment, window_start, window_end, at.1 AS q, low + (high - low) * (position - rank) AS value,
  state, toUInt32(revision) AS revision
FROM (
  SELECT
    model, version, role, feature, segment, window_start, window_end, state, revision, at,
    last * at.1 AS position, floor(position) AS rank, least(rank + 1, last) AS next,
    if(at.2 = 1 OR is_exact OR at.5 <= rank, at.3,
      at.4 + (at.3 - at.4) * least(1, (rank - at.6 + 1) / (at.5 - at.6 + 1))) AS low,
    if(at.7 = 1 OR is_exact OR at.10 <= next, at.8,
      at.9 + (at.8 - at.9) * least(1, (next - at.11 + 1) / (at.10 - at.11 + 1))) AS high
  FROM (
    SELECT
      model, version, role, feature, segment, window_start, window_end, state, revision, last, is_exact,
      arrayJoin(arrayZip([0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99],
        i, [
        values[i[1]], values[i[2]], values[i[3]], values[i[4]], values[i[5]], values[i[6]], values[i[7]], values[i[8]],
        values[i[9]]], [
        values[i[1] - 1], values[i[2] - 1], values[i[3] - 1], values[i[4] - 1], values[i[5] - 1], values[i[6] - 1],
        values[i[7] - 1], values[i[8] - 1], values[i[9] - 1]], [
        below[i[1]], below[i[2]], below[i[3]], below[i[4]], below[i[5]], below[i[6]], below[i[7]], below[i[8]],
        below[i[9]]], [
        at_or_below[i[1] - 1], at_or_below[i[2] - 1], at_or_below[i[3] - 1], at_or_below[i[4] - 1],
        at_or_below[i[5] - 1], at_or_below[i[6] - 1], at_or_below[i[7] - 1], at_or_below[i[8] - 1], at_or_below[i[9] - 1]],
        j, [
        values[j[1]], values[j[2]], values[j[3]], values[j[4]], values[j[5]], values[j[6]], values[j[7]], values[j[8]],
        values[j[9]]], [
        values[j[1] - 1], values[j[2] - 1], values[j[3] - 1], values[j[4] - 1], values[j[5] - 1], values[j[6] - 1],
        values[j[7] - 1], values[j[8] - 1], values[j[9] - 1]], [
        below[j[1]], below[j[2]], below[j[3]], below[j[4]], below[j[5]], below[j[6]], below[j[7]], below[j[8]],
        below[j[9]]], [
        at_or_below[j[1] - 1], at_or_below[j[2] - 1], at_or_below[j[3] - 1], at_or_below[j[4] - 1],
        at_or_below[j[5] - 1], at_or_below[j[6] - 1], at_or_below[j[7] - 1], at_or_below[j[8] - 1], at_or_below[j[9] - 1]])) AS at
    FROM (
      SELECT
        model, version, role, feature, segment, window_start, window_end, state, revision, values, below, at_or_below,
        empty(below) AS is_exact, toFloat64(n) - 1 AS last,
        [
        arrayCount(c -> c <= floor(last * 0.01), at_or_below) + 1,
        arrayCount(c -> c <= floor(last * 0.05), at_or_below) + 1,
        arrayCount(c -> c <= floor(last * 0.1), at_or_below) + 1,
        arrayCount(c -> c <= floor(last * 0.25), at_or_below) + 1,
        arrayCount(c -> c <= floor(last * 0.5), at_or_below) + 1,
        arrayCount(c -> c <= floor(last * 0.75), at_or_below) + 1,
        arrayCount(c -> c <= floor(last * 0.9), at_or_below) + 1,
        arrayCount(c -> c <= floor(last * 0.95), at_or_below) + 1,
        arrayCount(c -> c <= floor(last * 0.99), at_or_below) + 1] AS i,
        [
        arrayCount(c -> c <= least(floor(last * 0.01) + 1, last), at_or_below) + 1,
        arrayCount(c -> c <= least(floor(last * 0.05) + 1, last), at_or_below) + 1,
        arrayCount(c -> c <= least(floor(last * 0.1) + 1, last), at_or_below) + 1,
        arrayCount(c -> c <= least(floor(last * 0.25) + 1, last), at_or_below) + 1,
        arrayCount(c -> c <= least(floor(last * 0.5) + 1, last), at_or_below) + 1,
        arrayCount(c -> c <= least(floor(last * 0.75) + 1, last), at_or_below) + 1,
        arrayCount(c -> c <= least(floor(last * 0.9) + 1, last), at_or_below) + 1,
        arrayCount(c -> c <= least(floor(last * 0.95) + 1, last), at_or_below) + 1,
        arrayCount(c -> c <= least(floor(last * 0.99) + 1, last), at_or_below) + 1] AS j
      FROM hour_rows FINAL
      WHERE kind = 'numeric' AND notEmpty(values)
      SETTINGS optimize_move_to_prewhere_if_final = 1, do_not_merge_across_partitions_select_final = 1
    )
  )
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
SETTINGS optimize_move_to_prewhere_if_final = 1, do_not_merge_across_partitions_select_final = 1
COMMENT 'One row per series of drift_scores and day: its worst window, its mean, and how many windows breached';

CREATE OR REPLACE VIEW operations_daily {{on_cluster}} AS
SELECT model, version, role, window_start, window_end, count AS events, errors, windows, state, revision
FROM day_rows FINAL
WHERE feature = '' AND segment = ''
SETTINGS optimize_move_to_prewhere_if_final = 1, do_not_merge_across_partitions_select_final = 1
COMMENT 'Events and errors of each model version and day';

CREATE OR REPLACE VIEW feature_stats_daily {{on_cluster}} AS
SELECT
  model, version, role, feature, segment, window_start, window_end, count, missing, day_rows.`nan` AS `nan`, infinite, wrong_type,
  if(values.size0 > 0, mean, NULL) AS mean, if(values.size0 > 0 AND n > 1, sqrt(m2 / (n - 1)), NULL) AS stddev,
  if(values.size0 > 0, min, NULL) AS min, if(values.size0 > 0, max, NULL) AS max, state, revision, kind, n, note, windows
FROM day_rows FINAL
WHERE feature != ''
SETTINGS optimize_move_to_prewhere_if_final = 1, do_not_merge_across_partitions_select_final = 1
COMMENT 'Counts and moments of each feature, segment and day';

CREATE OR REPLACE VIEW feature_quantiles_daily {{on_cluster}} AS
SELECT
  model, version, role, feature, segment, window_start, window_end, at.1 AS q, low + (high - low) * (position - rank) AS value,
  state, toUInt32(revision) AS revision
FROM (
  SELECT
    model, version, role, feature, segment, window_start, window_end, state, revision, at,
    last * at.1 AS position, floor(position) AS rank, least(rank + 1, last) AS next,
    if(at.2 = 1 OR is_exact OR at.5 <= rank, at.3,
      at.4 + (at.3 - at.4) * least(1, (rank - at.6 + 1) / (at.5 - at.6 + 1))) AS low,
    if(at.7 = 1 OR is_exact OR at.10 <= next, at.8,
      at.9 + (at.8 - at.9) * least(1, (next - at.11 + 1) / (at.10 - at.11 + 1))) AS high
  FROM (
    SELECT
      model, version, role, feature, segment, window_start, window_end, state, revision, last, is_exact,
      arrayJoin(arrayZip([0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99],
        i, [
        values[i[1]], values[i[2]], values[i[3]], values[i[4]], values[i[5]], values[i[6]], values[i[7]], values[i[8]],
        values[i[9]]], [
        values[i[1] - 1], values[i[2] - 1], values[i[3] - 1], values[i[4] - 1], values[i[5] - 1], values[i[6] - 1],
        values[i[7] - 1], values[i[8] - 1], values[i[9] - 1]], [
        below[i[1]], below[i[2]], below[i[3]], below[i[4]], below[i[5]], below[i[6]], below[i[7]], below[i[8]],
        below[i[9]]], [
        at_or_below[i[1] - 1], at_or_below[i[2] - 1], at_or_below[i[3] - 1], at_or_below[i[4] - 1],
        at_or_below[i[5] - 1], at_or_below[i[6] - 1], at_or_below[i[7] - 1], at_or_below[i[8] - 1], at_or_below[i[9] - 1]],
        j, [
        values[j[1]], values[j[2]], values[j[3]], values[j[4]], values[j[5]], values[j[6]], values[j[7]], values[j[8]],
        values[j[9]]], [
        values[j[1] - 1], values[j[2] - 1], values[j[3] - 1], values[j[4] - 1], values[j[5] - 1], values[j[6] - 1],
        values[j[7] - 1], values[j[8] - 1], values[j[9] - 1]], [
        below[j[1]], below[j[2]], below[j[3]], below[j[4]], below[j[5]], below[j[6]], below[j[7]], below[j[8]],
        below[j[9]]], [
        at_or_below[j[1] - 1], at_or_below[j[2] - 1], at_or_below[j[3] - 1], at_or_below[j[4] - 1],
        at_or_below[j[5] - 1], at_or_below[j[6] - 1], at_or_below[j[7] - 1], at_or_below[j[8] - 1], at_or_below[j[9] - 1]])) AS at
    FROM (
      SELECT
        model, version, role, feature, segment, window_start, window_end, state, revision, values, below, at_or_below,
        empty(below) AS is_exact, toFloat64(n) - 1 AS last,
        [
        arrayCount(c -> c <= floor(last * 0.01), at_or_below) + 1,
        arrayCount(c -> c <= floor(last * 0.05), at_or_below) + 1,
        arrayCount(c -> c <= floor(last * 0.1), at_or_below) + 1,
        arrayCount(c -> c <= floor(last * 0.25), at_or_below) + 1,
        arrayCount(c -> c <= floor(last * 0.5), at_or_below) + 1,
        arrayCount(c -> c <= floor(last * 0.75), at_or_below) + 1,
        arrayCount(c -> c <= floor(last * 0.9), at_or_below) + 1,
        arrayCount(c -> c <= floor(last * 0.95), at_or_below) + 1,
        arrayCount(c -> c <= floor(last * 0.99), at_or_below) + 1] AS i,
        [
        arrayCount(c -> c <= least(floor(last * 0.01) + 1, last), at_or_below) + 1,
        arrayCount(c -> c <= least(floor(last * 0.05) + 1, last), at_or_below) + 1,
        arrayCount(c -> c <= least(floor(last * 0.1) + 1, last), at_or_below) + 1,
        arrayCount(c -> c <= least(floor(last * 0.25) + 1, last), at_or_below) + 1,
        arrayCount(c -> c <= least(floor(last * 0.5) + 1, last), at_or_below) + 1,
        arrayCount(c -> c <= least(floor(last * 0.75) + 1, last), at_or_below) + 1,
        arrayCount(c -> c <= least(floor(last * 0.9) + 1, last), at_or_below) + 1,
        arrayCount(c -> c <= least(floor(last * 0.95) + 1, last), at_or_below) + 1,
        arrayCount(c -> c <= least(floor(last * 0.99) + 1, last), at_or_below) + 1] AS j
      FROM day_rows FINAL
      WHERE kind = 'numeric' AND notEmpty(values)
      SETTINGS optimize_move_to_prewhere_if_final = 1, do_not_merge_across_partitions_select_final = 1
    )
  )
)
COMMENT 'Quantiles of each numeric feature and day';

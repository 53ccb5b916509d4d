-- The views people and Grafana read: their names and columns are an interface, described in docs/topics-and-views.md.
-- This file may change with a version: it is applied again when it has.
-- Those on windows, hours and days are in 0006_views_windows.sql: their tables are younger.

CREATE OR REPLACE VIEW alerts {{on_cluster}} AS
SELECT episode, revision, state, monitor, model, version, role, segment, members, severity, since, incident, as_of
FROM (SELECT * FROM alert_rows FINAL ORDER BY model, episode, revision DESC LIMIT 1 BY model, episode)
COMMENT 'Alert episodes, each in its latest revision';

CREATE OR REPLACE VIEW incidents {{on_cluster}} AS
SELECT incident, model, role, state, severity, summary, since, resolved_at, members, url
FROM incident_rows FINAL
COMMENT 'Incidents as they stand now';

CREATE OR REPLACE VIEW deliveries {{on_cluster}} AS
SELECT incident, channel, action, dedup_key, attempt, status, state, reason, notice_id, next_attempt_at, written_at
FROM delivery_rows FINAL
COMMENT 'Notices to channels: what was sent, what waits, and what was given up with its reason';

CREATE OR REPLACE VIEW losses {{on_cluster}} AS
SELECT topic, incarnation, partition, first_offset, last_offset, events, reason, written_at
FROM loss_rows FINAL
WHERE events > 0
COMMENT 'Events that no window counts, each with the reason';

CREATE OR REPLACE VIEW predictions {{on_cluster}} AS
SELECT
  model, version, role, timestamp, prediction_id, score, label, value, latency_ms, error, event, topic, incarnation,
  partition, offset
FROM prediction_rows FINAL
COMMENT 'The raw prediction log, where it is kept';

CREATE OR REPLACE VIEW labels {{on_cluster}} AS
SELECT model, prediction_id, latest.2 AS label, latest.1 AS timestamp
FROM (
  SELECT model, prediction_id, argMax((timestamp, label), (timestamp, incarnation, partition, offset)) AS latest
  FROM label_rows
  GROUP BY model, prediction_id
)
COMMENT 'Ground truth by prediction: the label with the greatest timestamp';

CREATE OR REPLACE VIEW models {{on_cluster}} AS
SELECT
  model, declared, monitored,
  multiIf(window_ms = 0, '', window_ms % 86400000 = 0, concat(toString(intDiv(window_ms, 86400000)), 'd'),
    window_ms % 3600000 = 0, concat(toString(intDiv(window_ms, 3600000)), 'h'),
    window_ms % 60000 = 0, concat(toString(intDiv(window_ms, 60000)), 'm'),
    concat(toString(window_ms / 1000), 's')) AS window,
  timezone, segments, reference, first_seen
FROM model_rows FINAL
COMMENT 'Models, declared in the configuration or registered on sight';

CREATE OR REPLACE VIEW model_versions {{on_cluster}} AS
SELECT model, version, role, earliest AS first_seen
FROM (SELECT model, version, role, min(first_seen) AS earliest FROM model_version_rows GROUP BY model, version, role)
COMMENT 'Versions and roles in which each model has been seen';

import type { AlertEvent } from '../../lib/core/alerts/types.ts';
import { quoteString } from '../../lib/core/sql/params.ts';
import type { IncidentDetail, IncidentSummary } from './schemas/alerts.ts';

/** Windows shown before the first breach, so that the change is seen against what was normal. */
const CONTEXT_MS = 14 * 86_400_000;

/** Statements a person can paste into any ClickHouse client to look for themselves. Text only: Driftline never runs them. */
export function incidentSql(incident: IncidentSummary, alerts: readonly AlertEvent[]): IncidentDetail['sql'] {
  const features = [...new Set(alerts.flatMap((alert) => alert.members.map((member) => member.feature)))];
  const scope =
    `WHERE model = ${quoteString(incident.model)} AND role = ${quoteString(incident.role)}\n` +
    `  AND feature IN (${features.map(quoteString).join(', ') || "''"})\n` +
    `  AND window_start >= parseDateTime64BestEffort(${quoteString(new Date(incident.since - CONTEXT_MS).toISOString())}, 3, 'UTC')`;
  return [
    {
      title: 'Scores of its columns, from two weeks before the first breach',
      statement:
        'SELECT window_start, feature, segment, metric, score, effect, threshold, breached, p_value, n_current, state\n' +
        `FROM driftline.drift_scores\n${scope}\nORDER BY feature, segment, metric, window_start;`,
    },
    {
      title: 'Counts, missing values and moments of the same windows',
      statement:
        'SELECT window_start, feature, count, missing / count AS missing_rate, mean, stddev, min, max\n' +
        `FROM driftline.feature_stats\n${scope}\n  AND segment = ''\nORDER BY feature, window_start;`,
    },
  ];
}

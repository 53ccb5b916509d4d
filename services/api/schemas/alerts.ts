import { z } from 'zod';
import { severity, time } from './common.ts';

export const alertMember = z.object({
  feature: z.string(),
  metric: z.string(),
  definition: z.string(),
  score: z.number(),
  effect: z.number().describe('what the threshold is compared with'),
  threshold: z.number(),
  p_value: z.number().nullable(),
  since: time,
  window_start: time,
  window_end: time,
  baseline: z.string(),
  n_current: z.int(),
  n_baseline: z.int(),
  explanation: z.string(),
});

export const alertSummary = z.object({
  episode: z.string(),
  revision: z.int(),
  state: z.string().describe('pending, firing, updated, acknowledged, resolved or withdrawn'),
  monitor: z.string(),
  model: z.string(),
  version: z.string(),
  role: z.string(),
  segment: z.string(),
  severity,
  since: time,
  incident: z.string().describe('empty while pending'),
  members: z.array(z.string()).describe('features'),
});
export type AlertSummary = z.infer<typeof alertSummary>;
export const alertList = z.object({ alerts: z.array(alertSummary) });

export const alertRevision = z.object({
  episode: z.string(),
  revision: z.int(),
  state: z.string(),
  as_of: time,
  written_at: time,
  severity,
  reason: z.string(),
  members: z.array(z.string()),
});

export const incidentSummary = z.object({
  incident: z.string(),
  model: z.string(),
  role: z.string(),
  state: z.string().describe('open, resolved or withdrawn'),
  severity,
  summary: z.string(),
  since: time,
  resolved_at: time.nullable(),
  members: z.array(z.string()),
  url: z.string(),
});
export type IncidentSummary = z.infer<typeof incidentSummary>;
export const incidentList = z.object({ incidents: z.array(incidentSummary) });

export const incidentDetail = incidentSummary.extend({
  alerts: z
    .array(
      z.object({
        episode: z.string(),
        revision: z.int(),
        state: z.string(),
        monitor: z.string(),
        version: z.string(),
        role: z.string(),
        segment: z.string(),
        severity,
        since: time,
        as_of: time,
        reason: z.string(),
        advice: z.string(),
        members: z.array(alertMember),
      }),
    )
    .describe('each alert as of its latest revision'),
  timeline: z.array(alertRevision).describe('every revision, oldest first'),
  deliveries: z.array(
    z.object({
      channel: z.string(),
      action: z.string(),
      dedup_key: z.string(),
      attempt: z.int(),
      status: z.int().describe('HTTP status of the last attempt; 0 none'),
      state: z.string().describe('sent, pending or parked'),
      reason: z.string().describe('what came of the last attempt, in words'),
      next_attempt_at: time.describe('of a pending one'),
    }),
  ),
  sql: z.array(z.object({ title: z.string(), statement: z.string() })).describe('to paste into any ClickHouse client'),
});
export type IncidentDetail = z.infer<typeof incidentDetail>;

export const monitorList = z.object({
  monitors: z.array(
    z.object({
      name: z.string(),
      model: z.string(),
      target: z.array(z.string()).describe('columns; * stands for all of the baseline'),
      metrics: z.array(z.string()),
      window_ms: z.number(),
      baseline: z.string(),
      threshold: z.record(z.string(), z.number()).describe('fixed thresholds; metrics not named here are automatic'),
      min_samples: z.int(),
      persistence: z.int(),
      severity,
      segments: z.array(z.string()),
      latest: z
        .object({ window_end: time, scored: z.int(), not_scored: z.int(), breached: z.int() })
        .nullable()
        .describe('the latest window it has tested'),
      open_alerts: z.int(),
    }),
  ),
});

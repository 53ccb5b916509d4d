import { z } from 'zod';
import { severity, time, windowState } from './common.ts';

export const modelState = z
  .enum(['drifting', 'quiet', 'not_enough_data', 'unmonitored'])
  .describe(
    'drifting: an alert fires; quiet: tested, no alert; not_enough_data: no window had a score; unmonitored: no monitor',
  );

export const modelSummary = z.object({
  model: z.string(),
  state: modelState,
  declared: z.boolean(),
  monitored: z.boolean(),
  window_ms: z.number(),
  timezone: z.string(),
  reference: z.string(),
  first_seen: time,
  open_incidents: z.int(),
  breached: z.int().describe('scores over their threshold in the latest scored window'),
  last_window: z.object({ start: time, end: time, events: z.int(), errors: z.int(), state: windowState }).nullable(),
  sparkline: z
    .array(z.object({ window_start: time, ratio: z.number().nullable(), breached: z.int() }))
    .describe('per tested window: the greatest effect as a multiple of its threshold, and how many scores breached'),
});
export type ModelSummary = z.infer<typeof modelSummary>;

export const modelList = z.object({ models: z.array(modelSummary) });

export const scorePoint = z.object({
  window_start: time,
  window_end: time,
  score: z.number().nullable().describe('null: not enough data'),
  effect: z.number().nullable().describe('what the threshold is compared with; null without a score'),
  p_value: z.number().nullable(),
  threshold: z.number(),
  breached: z.boolean(),
  n_current: z.int(),
  n_baseline: z.int(),
  state: windowState,
  revision: z.int(),
  note: z.string().describe('why there is no score, or empty'),
});

export const scoreSeries = z.object({
  monitor: z.string(),
  version: z.string(),
  role: z.string(),
  feature: z.string(),
  segment: z.string(),
  metric: z.string(),
  definition: z.string(),
  baseline: z.string(),
  severity,
  points: z.array(scorePoint).describe('oldest first'),
});
export type ScoreSeries = z.infer<typeof scoreSeries>;

export const scoreList = z.object({ model: z.string(), series: z.array(scoreSeries) });

export const featureSummary = z.object({
  feature: z.string(),
  latest: z
    .object({ start: time, end: time, count: z.int(), missing_rate: z.number().nullable(), state: windowState })
    .nullable(),
});

export const modelDetail = modelSummary.extend({
  segments: z.array(z.string()),
  aggregation: z
    .array(
      z.object({
        partition: z.int(),
        from_offset: z.int(),
        spec_id: z.string(),
        window_ms: z.int(),
        timezone: z.string(),
        segments: z.array(z.string()),
      }),
    )
    .describe('what the chunks of each partition of driftline.predictions are aggregated by, from from_offset on'),
  versions: z.array(z.object({ version: z.string(), role: z.string(), first_seen: time })),
  baselines: z.array(
    z.object({
      baseline: z.string(),
      baseline_version: z.string(),
      registered_at: time,
      columns: z.int(),
      rows: z.int(),
    }),
  ),
  features: z.array(featureSummary),
  windows: z
    .array(
      z.object({
        version: z.string(),
        role: z.string(),
        window_start: time,
        window_end: time,
        events: z.int(),
        errors: z.int(),
        state: windowState,
        revision: z.int(),
      }),
    )
    .describe('latest windows, oldest first'),
});
export type ModelDetail = z.infer<typeof modelDetail>;

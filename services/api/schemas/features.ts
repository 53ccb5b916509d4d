import { z } from 'zod';
import { time, windowState } from './common.ts';
import { scoreSeries } from './models.ts';

export const featureStats = z.object({
  version: z.string(),
  role: z.string(),
  window_start: time,
  window_end: time,
  count: z.int(),
  missing: z.int(),
  nan: z.int(),
  infinite: z.int(),
  wrong_type: z.int(),
  mean: z.number().nullable(),
  stddev: z.number().nullable(),
  min: z.number().nullable(),
  max: z.number().nullable(),
  state: windowState,
  revision: z.int(),
});

export const sideSummary = z
  .object({
    name: z.string(),
    count: z.int(),
    n: z.int().describe('usable values'),
    missing: z.int(),
    nan: z.int(),
    infinite: z.int(),
    wrong_type: z.int(),
    mean: z.number().nullable(),
    min: z.number().nullable(),
    max: z.number().nullable(),
  })
  .nullable();

const share = z.number().nullable().describe('share of the usable values, 0–1; null: that side has none');

export const distribution = z.object({
  kind: z.enum(['numeric', 'categorical', 'boolean']),
  reference: sideSummary,
  current: sideSummary,
  bins: z
    .array(z.object({ low: z.number(), high: z.number(), reference: share, current: share }))
    .describe('numeric: (low, high]; the outer bins also hold what lies beyond'),
  categories: z.array(z.object({ category: z.string(), reference: share, current: share })),
  other: z.object({ reference: share, current: share }).describe('categories beyond those listed'),
});
export type Distribution = z.infer<typeof distribution>;

export const featureDetail = z.object({
  model: z.string(),
  feature: z.string(),
  segment: z.string(),
  series: z.array(scoreSeries),
  stats: z.array(featureStats).describe('latest windows, oldest first'),
  window: z
    .object({
      version: z.string(),
      role: z.string(),
      start: time,
      end: time,
      state: windowState,
      revision: z.int(),
      note: z.string(),
    })
    .nullable()
    .describe('the complete or revised window that `distribution` shows as current'),
  distribution: distribution.nullable(),
});
export type FeatureDetail = z.infer<typeof featureDetail>;

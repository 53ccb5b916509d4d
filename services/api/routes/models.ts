import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { Store } from '../../../lib/ports/store.ts';
import { ApiError } from '../errors.ts';
import { featureDetail as readFeature } from '../feature-detail.ts';
import { modelSummaries, modelDetail as readModel } from '../model-summary.ts';
import { scoreSeries } from '../queries/scores.ts';
import { errorResponses, READ_ERRORS } from '../schemas/common.ts';
import { featureDetail } from '../schemas/features.ts';
import { modelDetail, modelList, scoreList } from '../schemas/models.ts';

const windows = z.coerce.number().int().min(1).max(1000).describe('latest windows (or hours, or days) per series');
const resolution = z
  .enum(['window', 'hour', 'day'])
  .default('window')
  .describe("what a point stands for; of an hour or day a score is its worst window's");
const modelParams = z.object({ model: z.string() });
const featureParams = modelParams.extend({ feature: z.string() });
const scoresQuery = z.object({
  windows: windows.default(40),
  resolution,
  segment: z.string().optional(),
  feature: z.string().optional(),
});
const featureQuery = z.object({
  windows: windows.default(120),
  resolution,
  segment: z.string().default('').describe("'' for the whole, or NAME=VALUE"),
  window_start: z.coerce.number().int().optional().describe('ms; absent: the latest sealed window'),
  version: z.string().optional(),
  role: z.string().optional(),
  baseline: z.string().optional().describe('absent: that of the latest score, or the reference of the model'),
});

const NOT_FOUND = { ...READ_ERRORS, ...errorResponses(404) };

export function registerModels(app: FastifyInstance, store: Store): void {
  const tags = ['models'];
  app.get(
    '/v1/models',
    { schema: { tags, summary: 'Models with their state', response: { 200: modelList, ...READ_ERRORS } } },
    async () => ({ models: await modelSummaries(store, null) }),
  );
  app.get<{ Params: z.infer<typeof modelParams> }>(
    '/v1/models/:model',
    { schema: { tags, summary: 'One model', params: modelParams, response: { 200: modelDetail, ...NOT_FOUND } } },
    async ({ params }) => found(await readModel(store, params.model), `model "${params.model}"`),
  );
  app.get<{ Params: z.infer<typeof modelParams>; Querystring: z.infer<typeof scoresQuery> }>(
    '/v1/models/:model/scores',
    {
      schema: {
        tags,
        summary: 'Score series of all columns of a model',
        params: modelParams,
        querystring: scoresQuery,
        response: { 200: scoreList, ...READ_ERRORS },
      },
    },
    async ({ params, query }) => ({ model: params.model, series: await scoreSeries(store, { ...params, ...query }) }),
  );
  app.get<{ Params: z.infer<typeof featureParams>; Querystring: z.infer<typeof featureQuery> }>(
    '/v1/models/:model/features/:feature',
    {
      schema: {
        tags,
        summary: 'One column: scores, counts, and reference against current distribution',
        params: featureParams,
        querystring: featureQuery,
        response: { 200: featureDetail, ...NOT_FOUND },
      },
    },
    async ({ params, query }) => {
      const { window_start: windowStart, ...rest } = query;
      const detail = await readFeature(store, {
        ...params,
        ...rest,
        ...(windowStart === undefined ? {} : { windowStart }),
      });
      return found(detail, `column "${params.feature}" of model "${params.model}"`);
    },
  );
}

function found<T>(value: T | null, what: string): T {
  if (value === null) throw new ApiError('not_found', `There is no ${what}.`);
  return value;
}

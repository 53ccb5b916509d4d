import { z } from 'zod';

/** Times in answers are ms since the epoch, as in events. */
export const time = z.number().describe('ms since the epoch, UTC');

export const windowState = z.enum(['provisional', 'complete', 'revised']);

export const severity = z.string().describe('critical, error, warning or info');

export const errorBody = z.object({
  error: z.object({ code: z.string(), message: z.string(), path: z.string().optional() }),
});

/** The error answers a route can give, all of one shape. */
export function errorResponses(...statuses: number[]): Record<number, typeof errorBody> {
  return Object.fromEntries(statuses.map((status) => [status, errorBody]));
}

/** What every read can answer beside success. */
export const READ_ERRORS = errorResponses(400, 401, 403, 503);

const rejectedItems = z.array(
  z.object({
    index: z.int().min(0).describe('position in the request; in NDJSON of the non-empty lines'),
    code: z.string(),
    path: z.string().describe('where in the event, such as features.x'),
    message: z.string(),
  }),
);

export const ingestAnswer = z.object({ accepted: z.int().min(0), rejected: rejectedItems });

/** The log took only some of the events, or none. */
export const ingestUnavailable = errorBody.extend({
  accepted: z.int().min(0).optional(),
  rejected: rejectedItems.optional(),
  resend: z
    .array(z.int().min(0))
    .optional()
    .describe('positions of the events that are not known to be in the log: send these again, and only these'),
});

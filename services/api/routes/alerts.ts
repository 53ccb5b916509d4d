import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { Store } from '../../../lib/ports/store.ts';
import { ApiError } from '../errors.ts';
import { incidentDetail as readIncident } from '../incident-detail.ts';
import { alertList as readAlerts, incidentList as readIncidents } from '../queries/alerts.ts';
import { alertList, incidentDetail, incidentList } from '../schemas/alerts.ts';
import { errorResponses, READ_ERRORS } from '../schemas/common.ts';

const filter = z.object({
  model: z.string().default('').describe('absent: every model'),
  state: z.string().default('').describe('absent: every state'),
  limit: z.coerce.number().int().min(1).max(1000).default(100),
});
const params = z.object({ incident: z.string() });

/** GET /v1/alerts, /v1/incidents and /v1/incidents/{incident}. */
export function registerAlerts(app: FastifyInstance, store: Store): void {
  app.get<{ Querystring: z.infer<typeof filter> }>(
    '/v1/alerts',
    {
      schema: {
        tags: ['alerts'],
        summary: 'Alerts as of their latest revision, latest first',
        querystring: filter,
        response: { 200: alertList, ...READ_ERRORS },
      },
    },
    async ({ query }) => ({ alerts: await readAlerts(store, query) }),
  );
  app.get<{ Querystring: z.infer<typeof filter> }>(
    '/v1/incidents',
    {
      schema: {
        tags: ['incidents'],
        summary: 'Incidents: open ones first, then latest first',
        querystring: filter,
        response: { 200: incidentList, ...READ_ERRORS },
      },
    },
    async ({ query }) => ({ incidents: await readIncidents(store, query) }),
  );
  app.get<{ Params: z.infer<typeof params> }>(
    '/v1/incidents/:incident',
    {
      schema: {
        tags: ['incidents'],
        summary: 'One incident: what changed, since when, every revision, deliveries, SQL to paste',
        params,
        response: { 200: incidentDetail, ...READ_ERRORS, ...errorResponses(404) },
      },
    },
    async (request) => {
      const detail = await readIncident(store, request.params.incident);
      if (detail === null) throw new ApiError('not_found', `There is no incident "${request.params.incident}".`);
      return detail;
    },
  );
}

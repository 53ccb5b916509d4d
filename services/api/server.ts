import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import Fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify';
import { healthRoutes } from '../../lib/runtime/health-routes.ts';
import type { ServiceContext } from '../../lib/runtime/service.ts';
import { installGuard } from './auth/guard.ts';
import type { IngestKey } from './auth/keys.ts';
import { installErrors } from './errors.ts';
import { installSecurityHeaders } from './headers.ts';
import { registerIngest } from './ingest/routes.ts';
import type { Limits } from './limits.ts';
import { type Page, registerPage } from './page-routes.ts';
import { registerAlerts } from './routes/alerts.ts';
import { registerModels } from './routes/models.ts';
import { registerMonitors } from './routes/monitors.ts';
import { installZod, toJsonSchema } from './zod-provider.ts';

export interface ServerOptions {
  limits: Limits;
  keys: ReadonlyMap<string, IngestKey> | null;
  page: Page | null;
  readiness: () => string[];
}

/** Feature and model names are path parameters; the router's default of 100 characters is too short for them. */
const MAX_PARAM_LENGTH = 2048;

/** How long a client may take to send one request: 16 MiB at 64 KiB/s. */
const REQUEST_TIMEOUT_MS = 5 * 60_000;

/** The HTTP server with all routes, not listening yet. */
export async function buildServer(ctx: ServiceContext, options: ServerOptions): Promise<FastifyInstance> {
  const logger: FastifyBaseLogger = ctx.logger;
  const app = Fastify({
    loggerInstance: logger,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: options.limits.bodyBytes,
    routerOptions: { maxParamLength: MAX_PARAM_LENGTH },
    forceCloseConnections: 'idle',
    requestTimeout: REQUEST_TIMEOUT_MS,
  });
  installErrors(app);
  installSecurityHeaders(app);
  installGuard(app, { keys: options.keys, publicUrl: ctx.config.publicUrl });
  installZod(app);
  await registerDocs(app);
  await app.register(healthRoutes, { metrics: ctx.metrics, readiness: options.readiness });
  app.register(async (scope) => {
    registerIngest(scope, ctx, options.limits);
    registerModels(scope, ctx.store);
    registerMonitors(scope, ctx.store, ctx.config.monitors);
    registerAlerts(scope, ctx.store);
    if (options.page) registerPage(scope, options.page);
    scope.get('/openapi.json', { schema: { hide: true } }, async () => app.swagger());
  });
  return app;
}

async function registerDocs(app: FastifyInstance): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.0.3',
      info: { title: 'Driftline', description: 'Send events, read scores, alerts and incidents.', version: '1' },
      components: {
        securitySchemes: { key: { type: 'http', scheme: 'bearer', description: 'id.secret of an ingest key' } },
      },
      security: [{}, { key: [] }],
    },
    transform: ({ schema, url }) => ({
      schema: { tags: ['operations'], ...toJsonSchema((schema ?? {}) as Record<string, unknown>) },
      url,
    }),
  });
  await app.register(swaggerUi, { routePrefix: '/docs' });
}

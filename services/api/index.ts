import type { FastifyInstance } from 'fastify';
import { listen } from '../../lib/runtime/listen.ts';
import type { Service, ServiceContext } from '../../lib/runtime/service.ts';
import { assertNotOpen } from './auth/guard.ts';
import { readKeys } from './auth/keys.ts';
import { DEFAULT_LIMITS, type Limits } from './limits.ts';
import type { Page } from './page-routes.ts';
import { buildServer } from './server.ts';

export interface ApiOptions {
  /** Default: `http.host` and `http.port` of the configuration, port 8080. 0: any free port. */
  host?: string;
  port?: number;
  limits?: Partial<Limits>;
  /** The page at `/` (services/web, `loadPage`); absent: no page. */
  page?: () => Promise<Page>;
  /** Why the whole process cannot work now; empty when it can. Shown by /readyz. */
  readiness?: () => string[];
}

const DEFAULT_PORT = 8080;
/** Requests in flight get this long to end when the service stops. */
const STOP_TIMEOUT_MS = 5_000;

/** The HTTP API: events in, scores and incidents out, the page. `url` is known once started. */
export function createApi(ctx: ServiceContext, options: ApiOptions = {}): Service & { readonly url: string } {
  const host = options.host ?? ctx.config.http.host;
  let app: FastifyInstance | null = null;
  let url = '';
  const notReady = (): string | null => (url === '' ? 'the HTTP API is not listening' : null);
  const readiness = options.readiness ?? ((): string[] => [notReady()].filter((reason) => reason !== null));
  return {
    name: 'api',
    get url() {
      return url;
    },
    failed: new Promise<never>(() => {}),
    notReady,
    async start() {
      assertNotOpen(host, ctx.config.ingestKeysFile);
      const keys = ctx.config.ingestKeysFile === null ? null : await readKeys(ctx.config.ingestKeysFile);
      const limits = { ...DEFAULT_LIMITS, ...options.limits };
      app = await buildServer(ctx, { limits, keys, page: (await options.page?.()) ?? null, readiness });
      url = await listen(app, { host, port: options.port ?? ctx.config.http.port ?? DEFAULT_PORT });
    },
    async stop() {
      const running = app;
      app = null;
      url = '';
      if (running) await close(running);
    },
  };
}

/** Ends in bounded time: what still runs after the time-out is cut off. */
async function close(app: FastifyInstance): Promise<void> {
  const timer = setTimeout(() => app.server.closeAllConnections(), STOP_TIMEOUT_MS);
  await app.close();
  clearTimeout(timer);
}

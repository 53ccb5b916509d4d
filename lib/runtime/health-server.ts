import Fastify, { type FastifyInstance } from 'fastify';
import type { Registry } from 'prom-client';
import { never } from './deferred.ts';
import { healthRoutes } from './health-routes.ts';
import { listen } from './listen.ts';
import type { Service } from './service.ts';

export interface HealthServerOptions {
  host: string;
  port: number;
  readiness: () => readonly string[];
  metrics: Registry;
}

/** Health and metrics over HTTP for services that serve nothing else. `url()` is null until started. */
export function createHealthServer(options: HealthServerOptions): Service & { url(): string | null } {
  const server: FastifyInstance = Fastify({ logger: false, forceCloseConnections: true });
  let url: string | null = null;
  return {
    name: 'health',
    url: () => url,
    start: async () => {
      await server.register(healthRoutes, { readiness: options.readiness, metrics: options.metrics });
      url = await listen(server, options);
    },
    stop: async () => {
      await server.close();
    },
    notReady: () => null,
    failed: never(),
  };
}

import type { FastifyInstance } from 'fastify';
import type { Registry } from 'prom-client';
import { gauge } from './metrics.ts';

export interface HealthOptions {
  /** Why the process can make no progress now; empty when it can. */
  readiness: () => readonly string[];
  metrics: Registry;
}

/** Fastify plugin: `/healthz` (the process answers), `/readyz` (503 with reasons while it cannot work), `/metrics`. */
export async function healthRoutes(server: FastifyInstance, options: HealthOptions): Promise<void> {
  const ready = gauge(options.metrics, 'driftline_ready', 'What /readyz says: 1 ready, 0 not');
  server.get('/healthz', { logLevel: 'silent' }, () => ({ status: 'ok' }));
  server.get('/readyz', { logLevel: 'silent' }, (_request, reply) => {
    const reasons = options.readiness();
    return reply.code(reasons.length === 0 ? 200 : 503).send({ ready: reasons.length === 0, reasons });
  });
  server.get('/metrics', { logLevel: 'silent' }, async (_request, reply) => {
    ready.set(options.readiness().length === 0 ? 1 : 0);
    return reply.type(options.metrics.contentType).send(await options.metrics.metrics());
  });
}

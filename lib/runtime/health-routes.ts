import type { FastifyInstance } from 'fastify';
import type { Registry } from 'prom-client';

export interface HealthOptions {
  /** Why the process can make no progress now; empty when it can. */
  readiness: () => readonly string[];
  metrics: Registry;
}

/** Fastify plugin: `/healthz` (the process answers), `/readyz` (503 with reasons while it cannot work), `/metrics`. */
export async function healthRoutes(server: FastifyInstance, options: HealthOptions): Promise<void> {
  server.get('/healthz', { logLevel: 'silent' }, () => ({ status: 'ok' }));
  server.get('/readyz', { logLevel: 'silent' }, (_request, reply) => {
    const reasons = options.readiness();
    return reply.code(reasons.length === 0 ? 200 : 503).send({ ready: reasons.length === 0, reasons });
  });
  server.get('/metrics', { logLevel: 'silent' }, async (_request, reply) =>
    reply.type(options.metrics.contentType).send(await options.metrics.metrics()),
  );
}

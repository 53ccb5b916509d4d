import type { FastifyInstance } from 'fastify';

const COMMON = "base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'";
const PAGE_POLICY = `default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; ${COMMON}`;
/** Swagger UI writes style attributes; its scripts are files. */
const DOCS_POLICY = `default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; connect-src 'self'; ${COMMON}`;

/** Headers that tell browsers to run nothing but our own files, on every answer. */
export function installSecurityHeaders(app: FastifyInstance): void {
  app.addHook('onRequest', async (request, reply) => {
    reply.headers({
      'content-security-policy': request.url.startsWith('/docs') ? DOCS_POLICY : PAGE_POLICY,
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'referrer-policy': 'no-referrer',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
    });
    if (request.url.startsWith('/v1/')) reply.header('cache-control', 'no-store');
  });
}

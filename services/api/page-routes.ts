import { createHash } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

/** The page's files, as bundled by services/web. */
export interface Page {
  html: string;
  js: string;
  css: string;
}

const NO_DOCS = { schema: { hide: true } };

/** Serves the page under each of its own addresses, so that a link to an incident opens directly. */
export function registerPage(app: FastifyInstance, page: Page): void {
  const html = asset('text/html; charset=utf-8', page.html);
  for (const path of ['/', '/models/*', '/incidents', '/incidents/*']) app.get(path, NO_DOCS, html);
  app.get('/assets/page.js', NO_DOCS, asset('text/javascript; charset=utf-8', page.js));
  app.get('/assets/page.css', NO_DOCS, asset('text/css; charset=utf-8', page.css));
}

function asset(type: string, content: string): (request: FastifyRequest, reply: FastifyReply) => FastifyReply {
  const etag = `"${createHash('sha256').update(content).digest('base64url')}"`;
  return (request, reply) => {
    reply.headers({ etag, 'cache-control': 'no-cache' });
    if (request.headers['if-none-match'] === etag) return reply.code(304).send();
    return reply.type(type).send(content);
  };
}

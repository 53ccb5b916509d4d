import type { FastifyInstance, FastifyRequest } from 'fastify';
import { DriftlineError } from '../../../lib/runtime/errors.ts';
import { isLoopback } from '../../../lib/runtime/listen.ts';
import { ApiError } from '../errors.ts';
import { authenticate, type IngestKey, mayAct, type Role } from './keys.ts';

export interface GuardOptions {
  /** null: no keys configured, which is allowed on loopback only. */
  keys: ReadonlyMap<string, IngestKey> | null;
  /** Where browsers find the page, if behind a proxy. */
  publicUrl: string | null;
}

/** Open without a key: they hold no data. The page asks for a key itself and sends it with each request. */
const PUBLIC = new Set([
  '/',
  '/models/*',
  '/incidents',
  '/incidents/*',
  '/assets/page.js',
  '/assets/page.css',
  '/openapi.json',
  '/healthz',
  '/readyz',
]);

/** Throws where the configuration would leave the API open to others. */
export function assertNotOpen(host: string, keysFile: string | null): void {
  if (keysFile !== null || isLoopback(host)) return;
  throw new DriftlineError(
    'config_invalid',
    `http.host is ${host}, which others can reach, and no ingest keys are configured`,
    'set ingest_keys_file (lines "id sha256hex role,role"), or listen on 127.0.0.1',
  );
}

/** Checks key, role, origin and host before the body is read. Unlisted paths need a role: what is new is closed. */
export function installGuard(app: FastifyInstance, options: GuardOptions): void {
  app.addHook('onRequest', async (request) => {
    if (options.keys === null) checkHost(request, options.publicUrl);
    if (request.method !== 'GET' && request.method !== 'HEAD') checkOrigin(request, options.publicUrl);
    const role = requiredRole(request);
    if (role !== null && options.keys !== null) checkKey(request, options.keys, role);
  });
}

function requiredRole(request: FastifyRequest): Role | null {
  const route = request.routeOptions.url;
  if (route === undefined) return null;
  if (PUBLIC.has(route) || route === '/docs' || route.startsWith('/docs/')) return null;
  return request.method === 'GET' || request.method === 'HEAD' ? 'read' : 'produce';
}

function checkKey(request: FastifyRequest, keys: ReadonlyMap<string, IngestKey>, role: Role): void {
  const key = authenticate(keys, request.headers.authorization);
  if (key === null)
    throw new ApiError('unauthorized', 'A valid key is needed: send the header "Authorization: Bearer id.secret".');
  if (!mayAct(key, role)) throw new ApiError('forbidden', `Key "${key.id}" lacks the role ${role}.`);
}

/** A page of another site must not write with a reader's network position. Producers that are no browsers send no Origin. */
function checkOrigin(request: FastifyRequest, publicUrl: string | null): void {
  const origin = request.headers.origin;
  const crossSite = request.headers['sec-fetch-site'] === 'cross-site';
  if (!crossSite && (origin === undefined || isOwnOrigin(origin, request.headers.host, publicUrl))) return;
  throw new ApiError('cross_origin', 'Requests from pages of another origin are refused.');
}

function isOwnOrigin(origin: string, host: string | undefined, publicUrl: string | null): boolean {
  const from = parseUrl(origin);
  if (from === null) return false;
  return from.host === host || (publicUrl !== null && from.origin === parseUrl(publicUrl)?.origin);
}

/** Without keys the loopback address is the only protection, which DNS rebinding would get around. */
function checkHost(request: FastifyRequest, publicUrl: string | null): void {
  const host = request.headers.host;
  if (host === undefined) return;
  const name = parseUrl(`http://${host}`)?.hostname;
  const known = name !== undefined && (isLoopback(name) || name === (publicUrl && parseUrl(publicUrl)?.hostname));
  if (!known) throw new ApiError('unknown_host', `This server does not answer for host ${host}; set public_url.`);
}

function parseUrl(text: string): URL | null {
  return URL.canParse(text) ? new URL(text) : null;
}

import type { FastifyInstance, FastifyReply } from 'fastify';
import { LogUnavailableError } from '../../lib/ports/log.ts';
import { StoreUnavailableError } from '../../lib/ports/store.ts';

/** Seconds a client should wait before it sends again. */
const RETRY_AFTER_SECONDS = 2;

/** Every code the API answers with; each is explained in docs/http-api.md (a test compares the two). */
export const ERROR_CODES = {
  malformed_body: 400,
  bad_request: 400,
  unauthorized: 401,
  forbidden: 403,
  cross_origin: 403,
  unknown_host: 403,
  not_found: 404,
  too_large: 413,
  unsupported_encoding: 415,
  internal: 500,
  log_unavailable: 503,
  store_unavailable: 503,
} as const;

export type ErrorCode = keyof typeof ERROR_CODES;

/** An answer other than success, with the code that tells why. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly code: ErrorCode;
  readonly path: string | undefined;
  constructor(code: ErrorCode, message: string, path?: string) {
    super(message);
    this.code = code;
    this.path = path;
  }
}

/** The uniform error body: {"error": {"code", "message", "path"?}}, and beside it what a route adds. */
export function sendError(reply: FastifyReply, error: ApiError, more: object = {}): FastifyReply {
  const body = { code: error.code, message: error.message, ...(error.path === undefined ? {} : { path: error.path }) };
  const status = ERROR_CODES[error.code];
  if (status === 401) reply.header('www-authenticate', 'Bearer realm="driftline"');
  if (status === 503) reply.header('retry-after', String(RETRY_AFTER_SECONDS));
  // The framework would close the connection under a client that still sends, which then sees a broken pipe in place of
  // the answer. Kept open, the rest of the body is read and thrown away, for as long as a request may take.
  if (status === 413) reply.removeHeader('connection');
  return reply
    .code(status)
    .type('application/json; charset=utf-8')
    .serializer(JSON.stringify)
    .send({ error: body, ...more });
}

/** Turns whatever was thrown into the error people see; what is not known by type says nothing of the inside. */
export function toApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  if (error instanceof LogUnavailableError)
    return new ApiError('log_unavailable', 'The log cannot take events now; send the same request again.');
  if (error instanceof StoreUnavailableError)
    return new ApiError('store_unavailable', 'The store cannot answer now; try again.');
  return fromFastify(error) ?? new ApiError('internal', 'Internal error; the server log has the details.');
}

function fromFastify(error: unknown): ApiError | null {
  const { code, statusCode, message } = error as { code?: unknown; statusCode?: unknown; message?: string };
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE')
    return new ApiError('too_large', 'The body is larger than the server takes; split it.');
  if (typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500)
    return new ApiError('bad_request', message ?? 'The request cannot be read.');
  return null;
}

/** Installs the error and not-found handlers. */
export function installErrors(app: FastifyInstance): void {
  app.setErrorHandler((error, request, reply) => {
    const answer = toApiError(error);
    if (answer.code === 'internal') request.log.error({ err: error, url: request.url }, 'request failed');
    return sendError(reply, answer);
  });
  app.setNotFoundHandler((request, reply) =>
    sendError(reply, new ApiError('not_found', `Nothing is at ${request.method} ${request.url.split('?')[0]}.`)),
  );
}

import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { parseLabel, parsePrediction } from '../../../lib/core/events/index.ts';
import { parseArrival } from '../../../lib/core/messages/arrival.ts';
import { TOPICS } from '../../../lib/core/messages/types.ts';
import { type Log, LogUnavailableError } from '../../../lib/ports/log.ts';
import { counter } from '../../../lib/runtime/metrics.ts';
import type { ServiceContext } from '../../../lib/runtime/service.ts';
import { ApiError, sendError } from '../errors.ts';
import type { Limits } from '../limits.ts';
import { errorResponses, ingestAnswer, ingestUnavailable } from '../schemas/common.ts';
import { decodeBody } from './body.ts';
import { HandOver } from './hand-over.ts';
import { type Item, splitItems } from './items.ts';
import {
  type IngestKind,
  type IngestResult,
  passTime,
  type RejectedItem,
  type RequestArrival,
  submit,
} from './submit.ts';

const PREDICTION = {
  prediction_id: 'p1',
  model: 'car-loan',
  version: '1',
  timestamp: 1540922400000,
  features: { car_value: 12638, salary_range: '0 - 20K €', repaid: false, age: null },
  prediction: { label: '1', score: 0.99 },
};
const LABEL = { prediction_id: 'p1', model: 'car-loan', label: 1, timestamp: 1541000000000 };

const KINDS: readonly IngestKind[] = [
  { path: '/v1/predictions', topic: TOPICS.predictions, parse: parsePrediction, example: PREDICTION },
  { path: '/v1/labels', topic: TOPICS.labels, parse: parseLabel, example: LABEL },
];

/** POST /v1/predictions and /v1/labels. Bodies stay bytes until their size is known. */
export function registerIngest(app: FastifyInstance, { log, metrics }: ServiceContext, limits: Limits): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: limits.bodyBytes }, (_request, body, done) =>
    done(null, body),
  );
  const events = counter(metrics, 'driftline_http_events_total', 'Events received over HTTP, by what became of them', [
    'kind',
    'outcome',
  ]);
  const count = (kind: string, { accepted, rejected, resend }: IngestResult): void => {
    events.inc({ kind, outcome: 'accepted' }, accepted);
    events.inc({ kind, outcome: 'rejected' }, rejected.length);
    events.inc({ kind, outcome: 'unavailable' }, resend.length);
  };
  const intake = { log, handOver: new HandOver(log, limits), limits, count };
  for (const kind of KINDS) registerKind(app, kind, intake);
}

interface Intake {
  log: Log;
  handOver: HandOver;
  limits: Limits;
  count: (kind: string, result: IngestResult) => void;
}

function registerKind(app: FastifyInstance, kind: IngestKind, { log, handOver, limits, count }: Intake): void {
  const noun = kind.path.slice('/v1/'.length);
  const schema = {
    tags: ['events'],
    consumes: ['application/json', 'application/x-ndjson'],
    body: z
      .unknown()
      .meta({ description: `One of the ${noun}, an array of them, or one a line`, example: kind.example }),
    summary: `Send ${noun}: a JSON object, an array of them, or NDJSON`,
    description:
      'What is counted as accepted is durable in the log. The header `Driftline-Arrival` marks a replay: `event` takes each event’s own timestamp as its arrival, a number (ms) is the arrival of them all. A number without any event ends a replay: time has come that far.',
    response: { 202: ingestAnswer, ...errorResponses(400, 401, 403, 413, 415), 503: ingestUnavailable },
  };
  app.post(kind.path, { schema, bodyLimit: limits.bodyBytes }, async (request, reply) => {
    const arrival = readArrival(request);
    const items = await readItems(request, limits, typeof arrival === 'number');
    if (items.length === 0 && typeof arrival === 'number') await passTime(log, handOver, kind.topic, arrival);
    const result = await submit(handOver, kind, items, { arrival, limits }).catch(noneTaken(items));
    count(noun, result);
    return sendResult(reply, result, items.length);
  });
}

/** Where nothing was tried, everything is to be sent again. */
function noneTaken(items: readonly Item[]): (error: unknown) => IngestResult {
  return (error) => {
    if (!(error instanceof LogUnavailableError)) throw error;
    return { accepted: 0, rejected: [], resend: [...items.keys()] };
  };
}

function sendResult(reply: FastifyReply, { accepted, rejected, resend }: IngestResult, sent: number): FastifyReply {
  const error = asError(rejected, resend, sent);
  if (error === null) return reply.code(202).send({ accepted, rejected });
  return resend.length > 0 ? sendError(reply, error, { accepted, rejected, resend }) : sendError(reply, error);
}

/** Why the request as a whole has not succeeded, or null. */
function asError(rejected: readonly RejectedItem[], resend: readonly number[], sent: number): ApiError | null {
  if (resend.length > 0) {
    const what = resend.length === sent ? 'the same request' : 'the events listed in "resend", and only these,';
    return new ApiError('log_unavailable', `The log cannot take events now; send ${what} again.`);
  }
  const [only] = rejected;
  if (sent !== 1 || only?.code !== 'too_large' || only.path !== '') return null;
  return new ApiError('too_large', `The event is too large: ${only.message}.`);
}

async function readItems(request: FastifyRequest, limits: Limits, mayBeEmpty: boolean): Promise<Item[]> {
  const raw = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
  if (raw.length === 0 && mayBeEmpty) return [];
  if (raw.length === 0) throw new ApiError('malformed_body', 'The body is empty; send at least one event.');
  const body = await decodeBody(raw, request.headers['content-encoding'], limits.bodyBytes);
  return splitItems(body, request.headers['content-type'], limits.events);
}

function readArrival(request: FastifyRequest): RequestArrival {
  const header = request.headers['driftline-arrival'];
  if (header === undefined) return 'now';
  if (header === 'event') return 'event';
  const at = typeof header === 'string' ? parseArrival(header) : null;
  if (at !== null) return at;
  throw new ApiError('bad_request', 'This header is "event", or a time in ms.', 'headers.driftline-arrival');
}

import Fastify, { type FastifyInstance, type FastifyReply } from 'fastify';
import { never } from '../../lib/runtime/deferred.ts';
import { listen } from '../../lib/runtime/listen.ts';
import type { Service } from '../../lib/runtime/service.ts';
import { MAX_EVENT_BYTES } from './contract.ts';
import { type Answer, enqueue, type Fault, faultAnswer, invalid, parseBody } from './enqueue.ts';
import { createIncidentBook, type IncidentBook, type LocalIncident } from './incidents.ts';
import { renderPage } from './page.ts';

export interface ReceivedEvent {
  /** ISO 8601. */
  received_at: string;
  /** The HTTP status answered; 0 where the connection was left hanging or dropped. */
  status: number;
  body: unknown;
}

export interface LocalPagerDutyOptions {
  host?: string;
  /** 0: any free port. */
  port: number;
  /** Scripted faults: called for every event, counted from 0; null: answer as PagerDuty would. */
  respond?: (request: number, event: unknown) => Fault | null;
}

export interface LocalPagerDuty extends Service {
  /** `http://host:port`, once started. */
  readonly url: string;
  events(): readonly ReceivedEvent[];
  incidents(): readonly LocalIncident[];
}

/** Older requests are dropped beyond this many. */
const MAX_EVENTS = 10_000;

/**
 * A stand-in for PagerDuty's Events API v2 on this machine: checks every event against the contract, answers as
 * PagerDuty does, and shows what was received (`GET /events`, JSON; `GET /`, a page).
 */
export function createLocalPagerDuty(options: LocalPagerDutyOptions): LocalPagerDuty {
  const events: ReceivedEvent[] = [];
  const book = createIncidentBook();
  const app = createApp(options, events, book);
  let url = '';
  let stopped: Promise<void> | null = null;
  return {
    name: 'pagerduty-local',
    failed: never(),
    get url() {
      return url;
    },
    events: () => events,
    incidents: () => book.list(),
    notReady: () => (url === '' ? 'not listening yet' : null),
    async start() {
      url = await listen(app, { host: options.host ?? '127.0.0.1', port: options.port });
    },
    stop() {
      stopped ??= app.close();
      return stopped;
    },
  };
}

function createApp(options: LocalPagerDutyOptions, events: ReceivedEvent[], book: IncidentBook): FastifyInstance {
  const app = Fastify({ bodyLimit: MAX_EVENT_BYTES, forceCloseConnections: true });
  const record = (status: number, body: unknown) => {
    events.push({ received_at: new Date().toISOString(), status, body });
    if (events.length > MAX_EVENTS) events.shift();
  };
  // A body that is no JSON is judged by the contract, not by the framework.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body));
  app.setErrorHandler((error: Error & { statusCode?: number }, _request, reply) => {
    record(error.statusCode ?? 500, null);
    return reply.code(error.statusCode ?? 500).send(invalid([error.message]));
  });
  let requests = 0;
  app.post('/v2/enqueue', (request, reply) => {
    const event = parseBody(String(request.body ?? ''));
    const fault = options.respond?.(requests++, event) ?? null;
    return respond(
      reply,
      fault,
      () => enqueue(event, book, new Date().toISOString()),
      (status) => record(status, event),
    );
  });
  app.get('/events', () => events);
  app.get('/', (_request, reply) => reply.type('text/html; charset=utf-8').send(renderPage(book.list())));
  return app;
}

function respond(reply: FastifyReply, fault: Fault | null, accept: () => Answer, record: (status: number) => void) {
  if (fault !== null && fault.kind !== 'status') {
    if (fault.kind === 'reset_after_accept') accept();
    record(0);
    if (fault.kind !== 'hang') reply.raw.socket?.destroy();
    return reply.hijack();
  }
  const answer = fault === null ? accept() : faultAnswer(fault);
  record(answer.status);
  return reply.code(answer.status).headers(answer.headers).send(answer.body);
}

import { randomUUID } from 'node:crypto';
import { acceptedEvent, contractErrors } from './contract.ts';
import type { IncidentBook } from './incidents.ts';

/** What the server does instead of answering by the contract: a scripted fault. `reset_after_accept` takes the event, then drops the connection. */
export type Fault =
  | { kind: 'status'; status: number; retryAfter?: string }
  | { kind: 'hang' }
  | { kind: 'reset' }
  | { kind: 'reset_after_accept' };

export interface Answer {
  status: number;
  headers: Readonly<Record<string, string>>;
  body: object;
}

/** The body of a request: JSON where it is, else its text. */
export function parseBody(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

export function invalid(errors: readonly string[]): object {
  return { status: 'invalid event', message: 'Event object is invalid', errors };
}

/** Answers an event as PagerDuty does, and lets the book take what is accepted. */
export function enqueue(event: unknown, book: IncidentBook, at: string): Answer {
  const errors = contractErrors(event);
  if (errors.length > 0) return { status: 400, headers: {}, body: invalid(errors) };
  const accepted = acceptedEvent(event);
  const dedupKey = accepted.dedupKey ?? randomUUID().replaceAll('-', '');
  book.apply({ ...accepted, dedupKey }, at);
  return { status: 202, headers: {}, body: { status: 'success', message: 'Event processed', dedup_key: dedupKey } };
}

/** The answer of a scripted status. */
export function faultAnswer(fault: Extract<Fault, { kind: 'status' }>): Answer {
  const headers: Record<string, string> = fault.retryAfter === undefined ? {} : { 'retry-after': fault.retryAfter };
  return { status: fault.status, headers, body: { status: 'scripted', message: `Scripted answer ${fault.status}` } };
}

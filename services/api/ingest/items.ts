import { isUtf8 } from 'node:buffer';
import type { Rejection } from '../../../lib/core/events/types.ts';
import { ApiError } from '../errors.ts';

/** One event of a request: its JSON value, or why it is none. */
export type Item = { ok: true; json: unknown } | { ok: false; rejection: Rejection };

const NEWLINE = 0x0a;
const NDJSON_TYPES = new Set([
  'application/x-ndjson',
  'application/ndjson',
  'application/jsonl',
  'application/x-jsonlines',
]);

/**
 * The events of a body: one object, an array, or one object a line. A body of several lines whose first is JSON by itself
 * is read as lines whatever its content type says. In lines a bad one rejects itself only.
 */
export function splitItems(body: Buffer, contentType: string | undefined, maxItems: number): Item[] {
  const mediaType = (contentType ?? '').split(';')[0]!.trim().toLowerCase();
  if (NDJSON_TYPES.has(mediaType)) return readLines(body, maxItems);
  const whole = parse(body);
  if (whole.ok) return fromDocument(whole.json, maxItems);
  if (isLines(body)) return readLines(body, maxItems);
  throw new ApiError('malformed_body', `The body is not JSON: ${whole.rejection.message}`);
}

function fromDocument(json: unknown, maxItems: number): Item[] {
  const items = Array.isArray(json) ? json : [json];
  checkCount(items.length, maxItems);
  return items.map((item) => ({ ok: true, json: item }));
}

function readLines(body: Buffer, maxItems: number): Item[] {
  const items: Item[] = [];
  for (let start = 0; start < body.length; ) {
    const newline = body.indexOf(NEWLINE, start);
    const end = newline === -1 ? body.length : newline;
    if (!isBlank(body, start, end)) items.push(parse(body.subarray(start, end)));
    checkCount(items.length, maxItems);
    start = end + 1;
  }
  if (items.length === 0) throw new ApiError('malformed_body', 'The body is empty; send at least one event.');
  return items;
}

function checkCount(count: number, maxItems: number): void {
  if (count > maxItems) throw new ApiError('too_large', `A request holds at most ${maxItems} events; split it.`);
}

function isBlank(body: Buffer, start: number, end: number): boolean {
  for (let i = start; i < end; i++) if (!' \t\r'.includes(String.fromCharCode(body[i]!))) return false;
  return true;
}

function isLines(body: Buffer): boolean {
  const newline = body.indexOf(NEWLINE);
  return newline > 0 && newline < body.length - 1 && parse(body.subarray(0, newline)).ok;
}

function parse(bytes: Buffer): Item {
  if (!isUtf8(bytes)) return malformed('bytes that are not UTF-8');
  const text = bytes.toString('utf8');
  try {
    return { ok: true, json: JSON.parse(text.charCodeAt(0) === 0xfeff ? text.slice(1) : text) };
  } catch (error) {
    return malformed((error as Error).message);
  }
}

function malformed(message: string): Item {
  return { ok: false, rejection: { code: 'malformed_json', path: '', message } };
}

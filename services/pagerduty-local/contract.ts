/** The rules of the Events API v2, as PagerDuty checks them. https://developer.pagerduty.com/docs/send-alert-event */
export const MAX_EVENT_BYTES = 512 * 1024;

const ACTIONS = ['trigger', 'acknowledge', 'resolve'];
const SEVERITIES = ['critical', 'error', 'warning', 'info'];
const OPTIONAL_TEXTS = ['component', 'group', 'class'];

export interface AcceptedEvent {
  routingKey: string;
  action: 'trigger' | 'acknowledge' | 'resolve';
  /** null: the server makes one up (trigger only). */
  dedupKey: string | null;
  summary: string | null;
  severity: string | null;
  source: string | null;
}

type Fields = Record<string, unknown>;

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.trim() !== '';
}

function isUrl(value: unknown, protocols: readonly string[]): boolean {
  return typeof value === 'string' && URL.canParse(value) && protocols.includes(new URL(value).protocol);
}

/** Every rule the event breaks; empty: PagerDuty takes it. */
export function contractErrors(event: unknown): string[] {
  if (!isObject(event)) return ['Event is not a JSON object'];
  return [
    ...routingErrors(event),
    ...(event.event_action === 'trigger' || event.payload !== undefined ? payloadErrors(event.payload) : []),
    ...listErrors('images', event.images, (image) => isUrl(image.src, ['https:']), "'src' must be an https URL"),
    ...listErrors('images', event.images, (image) => optionalUrl(image.href), "'href' must be an http(s) URL"),
    ...listErrors('links', event.links, (link) => isUrl(link.href, WEB), "'href' must be an http(s) URL"),
    ...listErrors('links', event.links, (link) => optionalText(link.text), "'text' must be a string"),
    ...(optionalText(event.client) ? [] : ["'client' must be a string"]),
    ...(optionalUrl(event.client_url) ? [] : ["'client_url' must be an http(s) URL"]),
  ];
}

const WEB = ['https:', 'http:'];

function optionalText(value: unknown): boolean {
  return value === undefined || typeof value === 'string';
}

function optionalUrl(value: unknown): boolean {
  return value === undefined || isUrl(value, WEB);
}

function routingErrors(event: Fields): string[] {
  const errors: string[] = [];
  const { routing_key: key, event_action: action, dedup_key: dedup } = event;
  if (!isText(key)) errors.push("'routing_key' is missing or blank");
  else if (key.length !== 32) errors.push("Length of 'routing_key' is incorrect (should be 32 characters)");
  if (!isText(action)) errors.push("'event_action' is missing or blank");
  else if (!ACTIONS.includes(action)) errors.push(`'event_action' is invalid (must be one of ${ACTIONS.join(', ')})`);
  if (dedup !== undefined && typeof dedup !== 'string') errors.push("'dedup_key' must be a string");
  else if (action !== 'trigger' && !isText(dedup)) errors.push("'dedup_key' is required to acknowledge or resolve");
  if (typeof dedup === 'string' && dedup.length > 255) errors.push("'dedup_key' is longer than 255 characters");
  return errors;
}

function payloadErrors(payload: unknown): string[] {
  if (!isObject(payload)) return ["'payload' is missing or not an object"];
  const errors = ['summary', 'source', 'severity']
    .filter((name) => !isText(payload[name]))
    .map((name) => `'payload.${name}' is missing or blank`);
  const { summary, severity, timestamp, custom_details: details } = payload;
  if (isText(summary) && summary.length > 1024) errors.push("'payload.summary' is longer than 1024 characters");
  if (isText(severity) && !SEVERITIES.includes(severity)) {
    errors.push(`'payload.severity' is invalid (must be one of ${SEVERITIES.join(', ')})`);
  }
  if (timestamp !== undefined && (!isText(timestamp) || Number.isNaN(Date.parse(timestamp)))) {
    errors.push("'payload.timestamp' is not an ISO 8601 time");
  }
  if (details !== undefined && !isObject(details)) errors.push("'payload.custom_details' must be an object");
  for (const name of OPTIONAL_TEXTS) {
    if (!optionalText(payload[name])) errors.push(`'payload.${name}' must be a string`);
  }
  return errors;
}

function listErrors(name: string, list: unknown, valid: (item: Fields) => boolean, rule: string): string[] {
  if (list === undefined) return [];
  if (!Array.isArray(list)) return [`'${name}' must be an array`];
  return list.every((item) => isObject(item) && valid(item)) ? [] : [`'${name}': ${rule}`];
}

/** The parts that decide about incidents, of an event without contract errors. */
export function acceptedEvent(event: unknown): AcceptedEvent {
  const fields = event as Fields;
  const payload = isObject(fields.payload) ? fields.payload : {};
  return {
    routingKey: fields.routing_key as string,
    action: fields.event_action as AcceptedEvent['action'],
    dedupKey: isText(fields.dedup_key) ? fields.dedup_key : null,
    summary: isText(payload.summary) ? payload.summary : null,
    severity: isText(payload.severity) ? payload.severity : null,
    source: isText(payload.source) ? payload.source : null,
  };
}

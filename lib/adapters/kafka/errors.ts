import { LogUnavailableError } from '../../ports/log.ts';

/** Group membership has moved on: this member may not commit any more. */
const STALE = new Set(['ILLEGAL_GENERATION', 'UNKNOWN_MEMBER_ID', 'REBALANCE_IN_PROGRESS', 'FENCED_INSTANCE_ID']);

export function isStale(error: unknown): boolean {
  return STALE.has(protocolType(error));
}

export function isUnauthorized(error: unknown): boolean {
  return protocolType(error).endsWith('_AUTHORIZATION_FAILED');
}

export function isUnknownTopic(error: unknown): boolean {
  return protocolType(error) === 'UNKNOWN_TOPIC_OR_PARTITION';
}

/** The batch was greater than the topic or the broker takes; what was in it is not in the log. */
export function isTooLarge(error: unknown): boolean {
  const type = protocolType(error);
  return type === 'MESSAGE_TOO_LARGE' || type === 'RECORD_LIST_TOO_LARGE';
}

/**
 * Broker trouble becomes LogUnavailableError, which names the brokers; what the caller did wrong stays what it is. kafkajs
 * wraps a refused connection in an error for ever too, where it comes while others are made.
 */
export function toLogError(error: unknown, what: string, brokers: readonly string[]): unknown {
  if (error instanceof LogUnavailableError || !passes(error)) return error;
  const reason = error instanceof Error ? error.message : String(error);
  return new LogUnavailableError(`Kafka (${brokers.join(', ')}): cannot ${what}: ${reason}`, { cause: error });
}

/** Connections refused, lost or slow, and what brokers call retriable; by name, as kafkajs exports few of its errors. */
const UNAVAILABLE_NAME =
  /^KafkaJS(NumberOfRetriesExceeded|Connection.*Error|RequestTimeoutError|BrokerNotFound|NoBrokerAvailableError|ClosedConnectionError|GroupCoordinatorNotFound|(Lock)?Timeout)$/;
const UNAVAILABLE_CODE = /^(ECONN|ETIMEDOUT|EHOSTUNREACH|ENOTFOUND|EPIPE|PLT_KFK_(NETWORK|TIMEOUT|MULTIPLE))/;

/** A partition that was added a moment ago, or is being deleted: nothing was written. */
export class PartitionUnknownError extends Error {
  override name = 'KafkaJSPartitionUnknown';
  readonly retriable = true;
}

/** Broker trouble that passes, as opposed to something the caller did wrong. */
function isUnavailable(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (UNAVAILABLE_NAME.test(error.name) || isMetadataGone(error)) return true;
  if ('code' in error && UNAVAILABLE_CODE.test(String(error.code))) return true;
  return error.name.startsWith('KafkaJS') && 'retriable' in error && error.retriable === true;
}

/** How kafkajs stumbles when its metadata goes between two looks: all of it, or those of the topic whose offsets it asks for. */
const METADATA_GONE = /null \(reading 'topicMetadata'\)|of '(high|low)\.pop\(\.\.\.\)'/;

/** kafkajs forgets its metadata when its last connection is lost, and stumbles over that where it was about to look. */
function isMetadataGone(error: Error): boolean {
  return error instanceof TypeError && METADATA_GONE.test(error.message);
}

/**
 * Whether another attempt may succeed, whatever kafkajs has wrapped the reason in: it calls a group whose coordinator
 * cannot be found while the brokers are away an error for ever.
 */
export function passes(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return isUnavailable(error) || passes(error.cause);
}

function protocolType(error: unknown): string {
  if (!(error instanceof Error)) return '';
  if ('type' in error && typeof error.type === 'string') return error.type;
  return protocolType(error.cause);
}

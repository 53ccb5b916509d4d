import type { IHeaders, KafkaMessage } from 'kafkajs';
import type { LogRecord } from '../../ports/log.ts';
import type { DecodedRecord } from './record-batch.ts';

const NO_HEADERS: Readonly<Record<string, Buffer>> = Object.freeze(Object.create(null));

export function toLogRecord(message: KafkaMessage): LogRecord {
  const { tooLarge } = message as Partial<DecodedRecord>;
  return {
    offset: Number(message.offset),
    timestamp: Number(message.timestamp),
    key: message.key,
    value: message.value,
    headers: toHeaders(message.headers),
    ...(tooLarge === undefined ? {} : { tooLarge }),
  };
}

function toHeaders(headers: IHeaders | undefined): Readonly<Record<string, Buffer>> {
  const names = headers === undefined ? [] : Object.keys(headers);
  if (names.length === 0) return NO_HEADERS;
  const result: Record<string, Buffer> = Object.create(null);
  for (const name of names) {
    const value = headers?.[name];
    const last = Array.isArray(value) ? value.at(-1) : value;
    if (last !== undefined) result[name] = typeof last === 'string' ? Buffer.from(last) : last;
  }
  return result;
}

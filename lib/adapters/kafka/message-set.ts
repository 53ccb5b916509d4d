import type { KafkaMessage } from 'kafkajs';
import type { LogRecord } from '../../ports/log.ts';
import { NO_HEADERS, type RecordBlock } from './record-batch.ts';

/** What kafkajs read from a message set, the format before Kafka 0.11: no leader epochs, transactions or headers. */
export function blockOf(messages: readonly KafkaMessage[]): RecordBlock[] {
  const records = messages.map(toLogRecord);
  const [first, last] = [records[0], records.at(-1)];
  if (first === undefined || last === undefined) return [];
  const place = { firstOffset: first.offset, lastOffset: last.offset, leaderEpoch: -1 };
  return [{ ...place, transactionOf: null, ends: null, aborted: false, read: () => ({ records, bytes: 0 }) }];
}

function toLogRecord({ offset, timestamp, key, value }: KafkaMessage): LogRecord {
  return { offset: Number(offset), timestamp: Number(timestamp), key, value, headers: NO_HEADERS };
}

import type { LogRecord } from '../../ports/log.ts';
import { decompress, InflatedTooLargeError } from './codecs.ts';
import { KAFKA_LIMITS } from './limits.ts';
import { RecordReader } from './record-reader.ts';

/** A record as kafkajs's consumer takes it from its decoder. */
export interface DecodedRecord {
  magicByte: number;
  attributes: number;
  timestamp: string;
  offset: string;
  key: Buffer | null;
  value: Buffer | null;
  headers: Readonly<Record<string, Buffer>>;
  isControlRecord: boolean;
  batchContext: BatchContext;
  /** Set on what stands for a whole batch that cannot be read: its first offset, and why. */
  unreadable?: { from: number; reason: string };
  tooLarge?: LogRecord['tooLarge'];
}

export interface BatchContext {
  partitionLeaderEpoch: number;
  inTransaction: boolean;
  isControlBatch: boolean;
  producerId: string;
}

interface Header extends BatchContext {
  firstOffset: number;
  lastOffset: number;
  codec: number;
  firstTimestamp: number;
  /** Set where the broker stamped the batch. */
  appendTime: number | null;
  count: number;
}

/** Bytes of a batch before its records: offset 8, length 4, leader epoch 4, magic 1, crc 4, attributes 2, … */
export const HEADER_BYTES = 61;
const LENGTH_AT = 8;
/** Counted in neither the length nor what it announces: the offset and the length field itself. */
const BEFORE_LENGTH = 12;
const CODEC_MASK = 0x07;
const APPEND_TIME = 0x08;
const TRANSACTIONAL = 0x10;
const CONTROL = 0x20;
const NO_HEADERS: Readonly<Record<string, Buffer>> = Object.freeze(Object.create(null));

/** Size of the batch that begins at `at`, or null where the answer ends before it does. */
export function batchSize(bytes: Buffer, at: number): number | null {
  if (bytes.length - at < HEADER_BYTES) return null;
  const size = bytes.readInt32BE(at + LENGTH_AT) + BEFORE_LENGTH;
  if (size < HEADER_BYTES) throw new RangeError(`a record batch of ${size} bytes is announced`);
  return size > bytes.length - at ? null : size;
}

/** The batch's records; one record that is marked `unreadable`, at its last offset, where they cannot be read. */
export async function decodeBatch(batch: Buffer): Promise<DecodedRecord[]> {
  const header = readHeader(batch);
  try {
    if (header.count > KAFKA_LIMITS.batchRecords) {
      throw new RangeError(`it has ${header.count} records; at most ${KAFKA_LIMITS.batchRecords} are read`);
    }
    const body = batch.subarray(HEADER_BYTES);
    const bytes = header.codec === 0 ? body : await decompress(header.codec, body);
    return readRecords(header, new RecordReader(bytes));
  } catch (error) {
    if (error instanceof InflatedTooLargeError) return refusedRecords(header, error.message);
    const reason = error instanceof Error ? error.message : String(error);
    const context = contextOf(header);
    const marker = toRecord(header, context, 0, header.lastOffset, null, null, NO_HEADERS);
    return [{ ...marker, unreadable: { from: header.firstOffset, reason } }];
  }
}

/** Each record of a batch that grows too large, without its bytes. */
function refusedRecords(header: Header, reason: string): DecodedRecord[] {
  const context = contextOf(header);
  const tooLarge = { limit: 'inflated_bytes', message: `the compressed batch cannot be read: ${reason}` };
  return Array.from({ length: header.count }, (_, index) => {
    const offset = index === header.count - 1 ? header.lastOffset : header.firstOffset + index;
    return { ...toRecord(header, context, 0, offset, null, null, NO_HEADERS), tooLarge };
  });
}

function readHeader(batch: Buffer): Header {
  const attributes = batch.readInt16BE(21);
  const firstOffset = Number(batch.readBigInt64BE(0));
  return {
    firstOffset,
    lastOffset: firstOffset + batch.readInt32BE(23),
    partitionLeaderEpoch: batch.readInt32BE(12),
    codec: attributes & CODEC_MASK,
    inTransaction: (attributes & TRANSACTIONAL) !== 0,
    isControlBatch: (attributes & CONTROL) !== 0,
    firstTimestamp: Number(batch.readBigInt64BE(27)),
    appendTime: (attributes & APPEND_TIME) === 0 ? null : Number(batch.readBigInt64BE(35)),
    producerId: String(batch.readBigInt64BE(43)),
    count: batch.readInt32BE(57),
  };
}

function readRecords(header: Header, reader: RecordReader): DecodedRecord[] {
  const { firstOffset, lastOffset, count } = header;
  if (count < 0) throw new RangeError(`it announces ${count} records`);
  const context = contextOf(header);
  // Compaction may leave a batch without records: it is passed over as control records are.
  if (count === 0) {
    return [{ ...toRecord(header, context, 0, lastOffset, null, null, NO_HEADERS), isControlRecord: true }];
  }
  const records: DecodedRecord[] = [];
  let least = firstOffset;
  for (let index = 0; index < count; index += 1) {
    const record = readRecord(header, context, reader);
    const offset = Number(record.offset);
    if (!(offset >= least && offset <= lastOffset)) throw new RangeError(`a record claims offset ${record.offset}`);
    least = offset + 1;
    records.push(record);
  }
  return records;
}

function readRecord(header: Header, context: BatchContext, batch: RecordReader): DecodedRecord {
  const reader = new RecordReader(batch.take(batch.varint()));
  const attributes = reader.take(1)[0]!;
  const timestamp = header.appendTime ?? header.firstTimestamp + reader.varint();
  if (header.appendTime !== null) reader.varint();
  const offset = header.firstOffset + reader.varint();
  const key = reader.field();
  const value = reader.field();
  const record = toRecord(header, context, attributes, offset, kept(key), kept(value), readHeaders(reader));
  record.timestamp = String(timestamp);
  const longest = Math.max(key?.length ?? 0, value?.length ?? 0);
  if (longest > KAFKA_LIMITS.recordBytes) {
    const message = `the record has ${longest} bytes; at most ${KAFKA_LIMITS.recordBytes} are read`;
    record.tooLarge = { limit: 'record_bytes', message };
  }
  return record;
}

/** Bytes that are looked at longer than the answer they came in: neither too many, nor a view of a huge one. */
function kept(bytes: Buffer | null): Buffer | null {
  if (bytes === null) return null;
  if (bytes.length > KAFKA_LIMITS.recordBytes) return Buffer.from(bytes.subarray(0, KAFKA_LIMITS.keptBytes));
  return bytes.buffer.byteLength > KAFKA_LIMITS.inflatedBytes ? Buffer.from(bytes) : bytes;
}

function readHeaders(reader: RecordReader): Readonly<Record<string, Buffer>> {
  const count = reader.varint();
  if (count === 0) return NO_HEADERS;
  const headers: Record<string, Buffer> = Object.create(null);
  for (let index = 0; index < count; index += 1) {
    const name = reader.field();
    const value = reader.field();
    if (name !== null && value !== null) headers[name.toString('utf8')] = value;
  }
  return headers;
}

function toRecord(
  header: Header,
  batchContext: BatchContext,
  attributes: number,
  offset: number,
  key: Buffer | null,
  value: Buffer | null,
  headers: Readonly<Record<string, Buffer>>,
): DecodedRecord {
  const { isControlBatch: isControlRecord } = header;
  const timestamp = String(header.appendTime ?? header.firstTimestamp);
  const place = { magicByte: 2, attributes, timestamp, offset: String(offset) };
  return { ...place, key, value, headers, isControlRecord, batchContext };
}

function contextOf({ partitionLeaderEpoch, inTransaction, isControlBatch, producerId }: Header): BatchContext {
  return { partitionLeaderEpoch, inTransaction, isControlBatch, producerId };
}

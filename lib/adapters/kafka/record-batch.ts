import type { LogRecord } from '../../ports/log.ts';
import { decompress, InflatedTooLargeError } from './codecs.ts';
import { KAFKA_LIMITS } from './limits.ts';
import { RecordReader } from './record-reader.ts';

/** A record batch: what its header says, and its records, which are read when they are asked for. */
export interface RecordBlock {
  firstOffset: number;
  /** The header's; the last record's own where compaction took none. */
  lastOffset: number;
  /** Under which it was written; -1 where it is not known (before Kafka 0.11). */
  leaderEpoch: number;
  /** The id of the producer whose transaction it is part of, or ends; null: in none. */
  transactionOf: string | null;
  /** How it ends a transaction; such a batch holds no record for anyone. */
  ends: 'commit' | 'abort' | null;
  /** Its transaction was aborted: its records are for nobody. */
  aborted: boolean;
  /** Each time anew, so that what is read does not outlive its use. Throws, or rejects, where they cannot be read. */
  read(): BlockRecords | Promise<BlockRecords>;
}

export interface BlockRecords {
  records: readonly LogRecord[];
  /** Memory that they keep, about. */
  bytes: number;
}

interface Header extends Pick<RecordBlock, 'firstOffset' | 'lastOffset' | 'leaderEpoch' | 'transactionOf'> {
  control: boolean;
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
/** A control record's key: its version, then its type, 0 for an abort; 2 bytes each. */
const TYPE_AT = 2;
const ABORT = 0;
/** What a record takes beside its key and value: an object and two views. */
const RECORD_BYTES = 300;
export const NO_HEADERS: Readonly<Record<string, Buffer>> = Object.freeze(Object.create(null));

/** Size of the batch that begins at `at`, or null where the answer ends before it does. */
export function batchSize(bytes: Buffer, at: number): number | null {
  if (bytes.length - at < HEADER_BYTES) return null;
  const size = bytes.readInt32BE(at + LENGTH_AT) + BEFORE_LENGTH;
  if (size < HEADER_BYTES) throw new RangeError(`a record batch of ${size} bytes is announced`);
  return size > bytes.length - at ? null : size;
}

/** A batch by its header alone; `batch` is what `batchSize` bytes of an answer hold. */
export function openBatch(batch: Buffer): RecordBlock {
  const header = readHeader(batch);
  const { firstOffset, lastOffset, leaderEpoch, transactionOf } = header;
  const body = batch.subarray(HEADER_BYTES);
  const cut = isMostlyTooLarge(header, body) ? cutAtOnce(header, body) : null;
  const read = cut === null ? readingOf(header, body) : () => cut;
  const ends = header.control ? endOf(read) : null;
  return { firstOffset, lastOffset, leaderEpoch, transactionOf, ends, aborted: false, read };
}

function readingOf(header: Header, body: Buffer): RecordBlock['read'] {
  return () => readBody(header, body);
}

/** Whether its records are beyond what is handed over, so that what is kept of them is a small part. */
function isMostlyTooLarge({ codec, control, count }: Header, body: Buffer): boolean {
  return codec === 0 && !control && count > 0 && 2 * count * KAFKA_LIMITS.recordBytes <= body.length;
}

/** Its records, read before anybody asks: the answer they came in waits for nobody then. null: they cannot be read. */
function cutAtOnce(header: Header, body: Buffer): BlockRecords | null {
  try {
    const records = readRecords(header, body, true).records;
    return { records, bytes: records.length * (RECORD_BYTES + KAFKA_LIMITS.recordBytes) };
  } catch {
    return null;
  }
}

/** null where it cannot be read: whoever reads it will be told. Brokers do not compress such batches. */
function endOf(read: RecordBlock['read']): RecordBlock['ends'] {
  try {
    const marker = read();
    if (marker instanceof Promise) return null;
    return isAbort(marker.records[0]?.key ?? null) ? 'abort' : 'commit';
  } catch {
    return null;
  }
}

function readBody(header: Header, body: Buffer): BlockRecords | Promise<BlockRecords> {
  refuseTooMany(header);
  return header.codec === 0 ? readRecords(header, body, isHuge(body)) : inflate(header, body);
}

async function inflate(header: Header, body: Buffer): Promise<BlockRecords> {
  try {
    const inflated = await decompress(header.codec, body);
    return readRecords(header, inflated, isHuge(inflated));
  } catch (error) {
    if (!(error instanceof InflatedTooLargeError)) throw error;
    return { records: refusedRecords(header, error.message), bytes: RECORD_BYTES * header.count };
  }
}

function refuseTooMany({ count }: Header): void {
  if (count < 0) throw new RangeError(`it announces ${count} records`);
  if (count > KAFKA_LIMITS.batchRecords) {
    throw new RangeError(`it has ${count} records; at most ${KAFKA_LIMITS.batchRecords} are read`);
  }
}

function isAbort(key: Buffer | null): boolean {
  return key !== null && key.length >= TYPE_AT + 2 && key.readInt16BE(TYPE_AT) === ABORT;
}

/** Each record of a batch that grows too large, without its bytes. */
function refusedRecords(header: Header, reason: string): LogRecord[] {
  const tooLarge = { limit: 'inflated_bytes', message: `the compressed batch cannot be read: ${reason}` };
  const timestamp = header.appendTime ?? header.firstTimestamp;
  return Array.from({ length: header.count }, (_, index) => {
    const offset = index === header.count - 1 ? header.lastOffset : header.firstOffset + index;
    return { offset, timestamp, key: null, value: null, headers: NO_HEADERS, tooLarge };
  });
}

function readHeader(batch: Buffer): Header {
  const attributes = batch.readInt16BE(21);
  const firstOffset = readInt64(batch, 0);
  return {
    firstOffset,
    lastOffset: firstOffset + batch.readInt32BE(23),
    leaderEpoch: batch.readInt32BE(12),
    transactionOf: (attributes & (TRANSACTIONAL | CONTROL)) === 0 ? null : String(batch.readBigInt64BE(43)),
    control: (attributes & CONTROL) !== 0,
    codec: attributes & CODEC_MASK,
    firstTimestamp: readInt64(batch, 27),
    appendTime: (attributes & APPEND_TIME) === 0 ? null : readInt64(batch, 35),
    count: batch.readInt32BE(57),
  };
}

/** Exact within ±2^53, which offsets and times stay. */
function readInt64(bytes: Buffer, at: number): number {
  return bytes.readInt32BE(at) * 2 ** 32 + bytes.readUInt32BE(at + 4);
}

/** Bytes are looked at longer than the answer they came in: they must not be views of a huge one. */
function isHuge(body: Buffer): boolean {
  return body.buffer.byteLength > KAFKA_LIMITS.inflatedBytes;
}

function readRecords(header: Header, body: Buffer, copied: boolean): BlockRecords {
  const { lastOffset, count } = header;
  const reader = new RecordReader(body);
  const records: LogRecord[] = [];
  let least = header.firstOffset;
  for (let index = 0; index < count; index += 1) {
    const record = readRecord(header, reader, body.length);
    const { offset } = record;
    if (!(offset >= least && offset <= lastOffset)) throw new RangeError(`a record claims offset ${offset}`);
    least = offset + 1;
    records.push(copied ? ownBytes(record) : record);
  }
  return { records, bytes: RECORD_BYTES * records.length + body.length };
}

function readRecord(header: Header, reader: RecordReader, length: number): LogRecord {
  const bytes = reader.varint();
  const end = reader.at + bytes;
  if (bytes < 0 || end > length) throw new RangeError(`a record of ${bytes} bytes is announced`);
  // Its attributes: none are defined.
  reader.byte();
  const sinceFirst = reader.varint();
  const offset = header.firstOffset + reader.varint();
  const timestamp = header.appendTime ?? header.firstTimestamp + sinceFirst;
  const key = reader.field();
  const value = reader.field();
  const headers = readHeaders(reader);
  if (reader.at > end) throw new RangeError(`a record is longer than the ${bytes} bytes it announces`);
  reader.at = end;
  const longest = Math.max(key === null ? 0 : key.length, value === null ? 0 : value.length);
  if (longest > KAFKA_LIMITS.recordBytes) return beginningOf({ offset, timestamp, key, value, headers }, longest);
  return { offset, timestamp, key, value, headers };
}

function beginningOf(record: LogRecord, longest: number): LogRecord {
  const message = `the record has ${longest} bytes; at most ${KAFKA_LIMITS.recordBytes} are read`;
  const begun = (bytes: Buffer | null) =>
    bytes !== null && bytes.length > KAFKA_LIMITS.recordBytes
      ? Buffer.from(bytes.subarray(0, KAFKA_LIMITS.keptBytes))
      : bytes;
  const tooLarge = { limit: 'record_bytes', message };
  return { ...record, key: begun(record.key), value: begun(record.value), tooLarge };
}

function ownBytes(record: LogRecord): LogRecord {
  const own = (bytes: Buffer | null) => (bytes === null ? null : Buffer.from(bytes));
  return { ...record, key: own(record.key), value: own(record.value), headers: ownHeaders(record.headers) };
}

function ownHeaders(headers: LogRecord['headers']): LogRecord['headers'] {
  if (headers === NO_HEADERS) return headers;
  const own: Record<string, Buffer> = Object.create(null);
  for (const [name, value] of Object.entries(headers)) own[name] = Buffer.from(value);
  return own;
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
